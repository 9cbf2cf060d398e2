"""From what somebody asks for to a script that can be loaded: for every way of asking."""
