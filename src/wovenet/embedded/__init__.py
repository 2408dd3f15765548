"""Programs of Open vSwitch and OVN that Wovenet runs itself: a private OVN central, and what the lab needs."""
