// Processes: programs that a test starts, none of which outlives it.
//
//   Ports.swift — free ports of 127.0.0.1
//   TemporaryDirectory.swift — a folder that disappears with its owner
//   LastWill.swift — what happens to all this when the test run is killed
//   SpawnOrder.swift — how to start a process into which nothing of this one leaks
//   Child.swift — a process, its output and its end
//   ShiftedClock.swift — a clock that is wrong, under a program that knows nothing of it
//   Executable.swift — where our programs and the system's are
//   Certificates.swift — an authority with a server's and a client's certificate
