// Nothing to call: the library is loaded before libc (LD_PRELOAD) and stands in for its time of day. See ShiftedClock.c.
