"""An independent answer to "which claims overlap employment", in SQL over the departments' raw files.

Rule: imports nothing of ours and reads only files, so that a shared mistake cannot make both sides agree.
"""
