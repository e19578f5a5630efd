public import DiodeProtocol
public import JSON
public import Time

/// One sender of a link: the appliance that has the key of one of its cards (ADR 0033).
public struct SenderReport: Sendable, Hashable {
    /// What its beats say.
    public enum Role: String, Sendable, CaseIterable {
        /// It has the lease: its records and slices are what the namespace is made of.
        case speaks
        /// It is ready to, and another one does.
        case standsBy = "stands_by"
        /// It speaks under an older epoch than the lease: what it says counts as late.
        case older
    }

    /// Of its card in `links[].cards`, from 0 on.
    public let place: Int
    /// Of the key in use, as people compare it, and how many rotations have led to it; nil: not known here.
    public let fingerprint: String
    public let rotations: Int?
    /// nil: nothing was heard of it.
    public let role: Role?
    /// Of its newest beat; nil: none was heard.
    public let epoch: Epoch?
    public let heardUntil: UnixMilliseconds?

    public init(
        place: Int, fingerprint: String, rotations: Int? = nil, role: Role?, epoch: Epoch?,
        heardUntil: UnixMilliseconds?
    ) {
        self.place = place
        self.fingerprint = fingerprint
        self.rotations = rotations
        self.role = role
        self.epoch = epoch
        self.heardUntil = heardUntil
    }

    /// As status and audit have it: the card is counted from 1 on.
    public var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("card", .number(place + 1)), .init("key", .text(fingerprint)),
            .init("role", .optional(role?.rawValue)), .init("epoch", epoch.map { .number($0.rawValue) } ?? .null),
            .init("heard_until", .optional(heardUntil.map(CalendarTime.text))),
        ]
        if let rotations { members.append(.init("rotations", .number(rotations))) }
        return .object(members)
    }
}
