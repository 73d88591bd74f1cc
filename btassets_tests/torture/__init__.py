"""`make torture`: faults, damage and bad input on purpose, each counted by what became of it.

Belongs here: the attacks, the processes that they run commands in, and the table of counts. Does not belong
here: tests of one behaviour (beside the module that has it).
"""
