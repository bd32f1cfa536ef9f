"""The demonstration: a whole city on one machine, from departments' files to officers' decisions.

Rules: everything runs through the same commands' code as in earnest; the data is synthetic and every screen
says so; the result is compared with the truth the generator wrote, which no other part may read.
"""
