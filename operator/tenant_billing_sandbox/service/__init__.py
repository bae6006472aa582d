"""What both simulators share: scripted faults and the record of requests."""
