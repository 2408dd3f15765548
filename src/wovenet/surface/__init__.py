"""What the API is: neutron-lib's definitions, and in the same shape the few it lacks, merged in declared order."""
