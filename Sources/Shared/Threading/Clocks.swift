import Glibc

/// Time that only moves forward while the machine runs. Measures intervals, deadlines and rates.
public enum MonotonicClock {
    /// Nanoseconds since an arbitrary start (`CLOCK_MONOTONIC`).
    public static func now() -> UInt64 { nanoseconds(CLOCK_MONOTONIC) }
}

/// Time that also counts while the machine is suspended. Where it parts from Unix time, a clock was set or a virtual
/// machine was resumed.
public enum BootClock {
    /// Nanoseconds since boot (`CLOCK_BOOTTIME`).
    public static func now() -> UInt64 { nanoseconds(CLOCK_BOOTTIME) }
}

/// The time of day. It may jump; nothing that must be monotonic may use it.
public enum UnixClock {
    /// Milliseconds since 1970-01-01T00:00:00Z (`CLOCK_REALTIME`); 0 for a clock set before 1970.
    public static func now() -> UInt64 { nanoseconds(CLOCK_REALTIME) / 1_000_000 }
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
