internal import Time

/// Notices that the time of day and the time since boot have parted: a clock was set, or a virtual machine went back to an
/// earlier state and was resumed. Then an epoch of its own is due (D9).
struct ClockWatch: Sendable, Equatable {
    /// What counts as a step; clocks are also slewed, and by far less.
    static let step: Int64 = 10_000

    private let offset: Int64

    /// - Parameters:
    ///   - unix: the time of day.
    ///   - boot: the time since boot, which counts while the machine sleeps.
    init(unix: UnixMilliseconds, boot: Duration) { offset = Self.offset(unix, boot) }

    /// By how many milliseconds the time of day has stepped, if that is a step.
    func step(unix: UnixMilliseconds, boot: Duration) -> Int64? {
        let moved = Self.offset(unix, boot) - offset
        return abs(moved) >= Self.step ? moved : nil
    }

    /// Both are far below 2⁶³.
    private static func offset(_ unix: UnixMilliseconds, _ boot: Duration) -> Int64 {
        Int64(clamping: unix.rawValue) - Int64(clamping: boot.milliseconds)
    }
}
