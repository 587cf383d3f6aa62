"""Which days are worked: one calendar for the whole house.

Terms of tickets, the hours of the lines and the forecast of the floor all ask it. It is read here;
an administrator's doors that change it are in `tickets.calendar`.
"""
