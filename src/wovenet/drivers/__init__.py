"""The seams of ML2: what a third party can add. Pure: a driver is asked about values and answers with values."""
