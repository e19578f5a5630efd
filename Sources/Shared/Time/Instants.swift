public import Synchronization

/// A wall-clock time as it crosses the link: milliseconds since 1970-01-01T00:00:00Z. Never used to order anything.
public struct UnixMilliseconds: RawRepresentable, Hashable, Comparable, Sendable {
    public let rawValue: UInt64
    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
    @inlinable public static func < (a: UnixMilliseconds, b: UnixMilliseconds) -> Bool { a.rawValue < b.rawValue }
}

/// A point on a clock that only goes forward. The protocol and the cores get it as a parameter and never read a clock.
public struct MonotonicInstant: Hashable, Comparable, Sendable {
    public var nanoseconds: UInt64
    @inlinable public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }
    @inlinable public static func < (a: MonotonicInstant, b: MonotonicInstant) -> Bool { a.nanoseconds < b.nanoseconds }

    /// Before everything that a clock says: what is due from here on is due at once.
    public static let distantPast = MonotonicInstant(nanoseconds: 0)
    /// After everything that a clock says: what is due from here on never is.
    public static let distantFuture = MonotonicInstant(nanoseconds: .max)

    /// The time since the clock's start.
    @inlinable public var sinceStart: Duration { .nanoseconds(Int64(clamping: nanoseconds)) }

    /// This instant moved by a duration; it stops at both ends of the clock (584 years).
    @inlinable public func advanced(by duration: Duration) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: UInt64(clamping: Int128(nanoseconds) + duration.attoseconds / 1_000_000_000))
    }

    /// The time from this instant to another; negative when that is earlier.
    @inlinable public func duration(to other: MonotonicInstant) -> Duration {
        other.nanoseconds >= nanoseconds
            ? .nanoseconds(Int64(clamping: other.nanoseconds - nanoseconds))
            : .zero - .nanoseconds(Int64(clamping: nanoseconds - other.nanoseconds))
    }
}

/// One thread may tell another of an instant.
extension MonotonicInstant: AtomicRepresentable {
    public typealias AtomicRepresentation = UInt64.AtomicRepresentation

    public static func encodeAtomicRepresentation(_ value: consuming MonotonicInstant) -> AtomicRepresentation {
        UInt64.encodeAtomicRepresentation(value.nanoseconds)
    }

    public static func decodeAtomicRepresentation(_ storage: consuming AtomicRepresentation) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: UInt64.decodeAtomicRepresentation(storage))
    }
}
