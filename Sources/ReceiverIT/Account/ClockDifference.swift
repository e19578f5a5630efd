/// By how much the sender's clock is ahead of the receiver's, in milliseconds; negative: behind.
///
/// No decision rests on either clock (D16). But people read the times that they give, so a difference that would mislead them is told.
public struct ClockDifference: Sendable, Hashable {
    /// From here on it is told: in the log, beside `link` in status, in the audit.
    public static let notable: UInt64 = 60_000
    /// From here on the link is degraded.
    public static let grave: UInt64 = 86_400_000

    public let milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    public var isNotable: Bool { milliseconds.magnitude >= Self.notable }
    public var isGrave: Bool { milliseconds.magnitude >= Self.grave }

    /// What is wrong and what to do, as a sentence without a full stop; nil while nobody need care.
    public var words: String? {
        guard isNotable else { return nil }
        return
            "the sender's clock is \(size) \(milliseconds > 0 ? "ahead of" : "behind") this machine's: set the one that is wrong;"
            + " nothing is lost by it, but times in reports and in diode-ts are off"
    }

    /// The two largest units, whole minutes.
    private var size: String {
        // Rounded: a beat is on its way for a while.
        let minutes = milliseconds.magnitude.plus(30_000) / 60_000
        let (days, hours) = (minutes / 1_440, minutes / 60 % 24)
        if days > 0 { return hours > 0 ? "\(days) d \(hours) h" : "\(days) d" }
        guard hours > 0 else { return "\(minutes) min" }
        return minutes % 60 > 0 ? "\(hours) h \(minutes % 60) min" : "\(hours) h"
    }
}
