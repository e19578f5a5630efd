// CommandTests: both programs as an operator or a script runs them, by their output and exit codes alone.
