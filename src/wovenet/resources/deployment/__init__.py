"""What belongs to the deployment as a whole: no collection, one unit."""
