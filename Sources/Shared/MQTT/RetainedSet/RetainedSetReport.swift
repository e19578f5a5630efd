public import MQTTProtocol

/// Bounds of a fetch.
public struct RetainedSetLimits: Sendable {
    /// A slice that delivers fewer messages than this has lost none: mosquitto drops a subscriber's messages only after it
    /// has queued `max_queued_messages` of them (1,000 by default). Lower it for a broker that queues less.
    public var provenBelow = 900
    /// Distinct topics; each costs about 16 bytes of memory, and its name while its level is being divided. At the
    /// limit the fetch ends as incomplete.
    public var maximumTopics = 2_000_000
    /// How long a broker that sends retained messages some time after SUBACK must be silent until a slice is over.
    public var quiet = Duration.milliseconds(250)
    /// The fetch ends as incomplete when for so long there was neither a message nor an answer nor a connection.
    public var stall = Duration.seconds(30)
    /// Asked of the server; retained messages arrive with the lower of this and the QoS they were published with.
    public var qos = QoS.exactlyOnce

    public init() {}
}

/// What a fetch found.
public struct RetainedSetReport: Sendable {
    /// Why a fetch ended before its end.
    public enum Failure: Error, Sendable, Equatable, CustomStringConvertible {
        /// `stop` was called.
        case stopped
        /// `RetainedSetLimits.maximumTopics` was reached.
        case tooManyTopics
        /// Nothing came for `RetainedSetLimits.stall`; the last error of the connection, if there was one.
        case stalled(ConnectionError?)

        public var description: String {
            switch self {
            case .stopped: "stopped before its end"
            case .tooManyTopics: "more retained topics than the limit"
            case .stalled(let error): "no progress" + (error.map { ": \($0)" } ?? "")
            }
        }
    }

    /// Distinct retained topics that were delivered.
    public var topics = 0
    /// Subscriptions that were made for it.
    public var slices = 0
    /// Filters below which something may be missing although every means was tried; at most 100 of them.
    public var unproven: [String] = []
    /// Filters that the server did not grant; at most 100 of them.
    public var refused: [String] = []
    public var failure: Failure?
    /// Which of the doubtful topics are certainly not retained, by their indices in `RetainedDoubts.topics`.
    public var absent: [Int] = []
    /// How many doubtful topics were neither shown nor proven to be absent.
    public var undecided = 0

    public init() {}

    /// Everything that is retained was delivered, as far as a client can know.
    public var isComplete: Bool { failure == nil && unproven.isEmpty && refused.isEmpty }
}

/// Topics that should be retained and that a fetch did not show. Each is then asked for by itself (see `AbsenceWalk`).
public struct RetainedDoubts: Sendable {
    public var topics: [String]
    /// Topics that the same fetch did show. Where an answer lacks these as well, it proves nothing.
    public var witnesses: [String]

    public init(topics: [String] = [], witnesses: [String] = []) {
        self.topics = topics
        self.witnesses = witnesses
    }
}
