internal import Glibc
public import Time

/// Time that only moves forward while the machine runs. Measures intervals, deadlines and rates.
public enum MonotonicClock {
    /// Counts from an arbitrary start (`CLOCK_MONOTONIC`).
    public static func now() -> MonotonicInstant { MonotonicInstant(nanoseconds: nanoseconds(CLOCK_MONOTONIC)) }

    /// Sleeps with the precision that pacing needs: `poll` counts in milliseconds.
    public static func sleep(until instant: MonotonicInstant) {
        let nanoseconds = Int(clamping: instant.nanoseconds)
        var time = timespec(tv_sec: nanoseconds / 1_000_000_000, tv_nsec: nanoseconds % 1_000_000_000)
        while clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil) == EINTR {}
    }
}

/// Processor time that the calling thread has taken: what work costs, whoever else runs on the machine.
public enum ThreadClock {
    /// Since the thread began (`CLOCK_THREAD_CPUTIME_ID`).
    public static func now() -> Duration { .nanoseconds(Int64(clamping: nanoseconds(CLOCK_THREAD_CPUTIME_ID))) }
}

/// Time that also counts while the machine is suspended. Where it parts from Unix time, a clock was set or a virtual
/// machine was resumed.
public enum BootClock {
    /// The time since boot (`CLOCK_BOOTTIME`).
    public static func now() -> Duration { .nanoseconds(Int64(clamping: nanoseconds(CLOCK_BOOTTIME))) }

    /// How long the machine was suspended since boot: what it counts and ``MonotonicClock`` does not.
    public static var suspended: Duration { max(.zero, now() - MonotonicClock.now().sinceStart) }
}

/// The time of day. It may jump; nothing that must be monotonic may use it.
public enum UnixClock {
    /// The time of day (`CLOCK_REALTIME`); 1970-01-01T00:00:00Z for a clock that is set before.
    public static func now() -> UnixMilliseconds {
        UnixMilliseconds(rawValue: nanoseconds(CLOCK_REALTIME) / 1_000_000)
    }
}

private func nanoseconds(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    guard time.tv_sec >= 0 else { return 0 }
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}

extension Duration {
    /// Whole milliseconds, rounded up so that a short wait never becomes a busy loop, within what `poll` accepts.
    /// `nil` means for ever (−1).
    static func pollMilliseconds(_ timeout: Duration?) -> Int32 {
        guard let timeout else { return -1 }
        guard timeout > .zero else { return 0 }
        let (seconds, attoseconds) = timeout.components
        guard seconds < Int64(Int32.max / 1_000) - 1 else { return Int32.max }
        return Int32(seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
