"""Processes: pure steps, Faust agents, transports, the departments' front node, the command line."""
