import Glibc

/// Medians of several runs, so that one disturbed run does not count.
enum Timing {
    /// Seconds for one call of each body. The bodies take turns, so that both see the same machine.
    ///
    /// - Parameters:
    ///   - runs: how many figures go into each median.
    ///   - runTime: about how long one run of one body takes; it repeats the body that often.
    static func medianSeconds(
        runs: Int = 15, runTime: Duration = .milliseconds(20), of bodies: [() -> Void]
    ) -> [Double] {
        let repetitions = bodies.map { body in
            // The first call warms up; the second is the estimate.
            body()
            return max(1, min(1_000_000, Int(seconds(runTime) / max(time(1, body), 1e-9))))
        }
        var samples = bodies.map { _ in [Double]() }
        for _ in 0..<runs {
            for (index, body) in bodies.enumerated() {
                samples[index].append(time(repetitions[index], body) / Double(repetitions[index]))
            }
        }
        return samples.map { $0.sorted()[runs / 2] }
    }

    /// The median of what `run` returns, which it measured itself.
    static func medianSeconds(runs: Int, _ run: () throws -> Double) rethrows -> Double {
        var samples: [Double] = []
        for _ in 0..<runs { samples.append(try run()) }
        return samples.sorted()[runs / 2]
    }

    /// Seconds of one call.
    static func seconds(_ body: () throws -> Void) rethrows -> Double {
        seconds(try ContinuousClock().measure(body))
    }

    /// Seconds of processor time that this thread takes for one call: about the same while the machine has other work, too.
    static func processorSeconds(_ body: () throws -> Void) rethrows -> Double {
        let start = threadSeconds
        try body()
        return threadSeconds - start
    }

    private static var threadSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    private static func time(_ repetitions: Int, _ body: () -> Void) -> Double {
        let elapsed = ContinuousClock().measure { for _ in 0..<repetitions { body() } }
        return seconds(elapsed)
    }

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    }
}

/// Steps that were timed: seconds of all of them, and of the longest.
struct Timed {
    private(set) var total = 0.0
    private(set) var longest = 0.0

    mutating func time(_ step: () throws -> Void) rethrows {
        let seconds = try Timing.seconds(step)
        total += seconds
        longest = max(longest, seconds)
    }
}
