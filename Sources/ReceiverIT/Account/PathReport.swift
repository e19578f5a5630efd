internal import DiodeProtocol
public import JSON
public import Time

/// What one path of a link has brought: one address in `listen`, behind which there is a diode of its own (D13).
public struct PathReport: Sendable, Hashable {
    /// As it stands in `listen`.
    public let address: String
    /// Authentic frames that came by it since the start, and how many of them no other path had brought before.
    public var frames: UInt64 = 0
    public var first: UInt64 = 0
    /// When the newest came.
    public var heardUntil: UnixMilliseconds?
    /// How much later than by the first path its transmissions come, the newest of them, in milliseconds; nil: it is the first, or the only one.
    public var skewMilliseconds: Double?
    /// The share of all different frames of the last ten seconds that it did not bring, 0…1; nil: too few came to tell.
    public var loss: Double?

    public init(address: String) { self.address = address }

    /// As status, audit and the database have it.
    public var json: JSONValue {
        [
            "address": .text(address), "frames": .number(frames), "first": .number(first),
            "heard_until": .optional(heardUntil.map(CalendarTime.text)),
            "skew_ms": skewMilliseconds.map { .decimal($0) } ?? .null, "loss": loss.map { .decimal($0) } ?? .null,
        ]
    }

    /// Reads such an object; nil if it has no address.
    public init?(_ json: JSONValue) {
        guard let address = json["address"]?.text else { return nil }
        self.address = address
        frames = UInt64(clamping: json["frames"]?.integer ?? 0)
        first = UInt64(clamping: json["first"]?.integer ?? 0)
        heardUntil = json["heard_until"]?.text.flatMap(CalendarTime.time)
        skewMilliseconds = json["skew_ms"].flatMap(Self.number)
        loss = json["loss"].flatMap(Self.number)
    }

    private static func number(_ json: JSONValue) -> Double? {
        if case .decimal(let number) = json { number } else { json.integer.map(Double.init) }
    }
}
