/// A Sparkplug topic taken apart (Sparkplug 3.0.0 chapter 4): `namespace/group/TYPE/node[/device]`, or
/// `namespace/STATE/host`. Its parts are views into the topic's bytes.
public struct SparkplugTopic: ~Escapable {
    /// What a Sparkplug message says; the third level of its topic, except for STATE, which is the second.
    public enum MessageType: String, Sendable, CaseIterable {
        case nodeBirth = "NBIRTH"
        case nodeDeath = "NDEATH"
        case deviceBirth = "DBIRTH"
        case deviceDeath = "DDEATH"
        case nodeData = "NDATA"
        case deviceData = "DDATA"
        case nodeCommand = "NCMD"
        case deviceCommand = "DCMD"
        case state = "STATE"

        /// Whether its topics have a device level.
        public var namesDevice: Bool {
            switch self {
            case .deviceBirth, .deviceDeath, .deviceData, .deviceCommand: true
            case .nodeBirth, .nodeDeath, .nodeData, .nodeCommand, .state: false
            }
        }

        /// NDATA and DDATA, which a birth must have come before.
        public var isData: Bool { self == .nodeData || self == .deviceData }

        /// NCMD, DCMD and STATE speak to the plant or for a host: they belong to one side of a diode and never cross.
        public var staysOnItsSide: Bool {
            switch self {
            case .nodeCommand, .deviceCommand, .state: true
            case .nodeBirth, .nodeDeath, .deviceBirth, .deviceDeath, .nodeData, .deviceData: false
            }
        }
    }

    /// The namespace of Sparkplug B 3.0.
    public static var namespaceB: String { "spBv1.0" }

    public let type: MessageType
    /// Empty for STATE.
    public let group: RawSpan
    /// The edge node, or the host of a STATE. At least one byte.
    public let node: RawSpan
    /// Empty where the type has none.
    public let device: RawSpan

    /// - Parameters:
    ///   - topic: a topic name.
    ///   - namespace: its first level.
    /// - Returns: nil if the topic does not follow the grammar exactly, an empty part included.
    @_lifetime(copy topic)
    public init?(_ topic: RawSpan, namespace: String = SparkplugTopic.namespaceB) {
        var rest = Levels(topic)
        guard rest.next().equals(namespace) else { return nil }
        let second = rest.next()
        if second.equals(MessageType.state.rawValue) {
            let host = rest.next()
            guard rest.isFinished, host.byteCount > 0 else { return nil }
            type = .state
            group = RawSpan()
            node = host
            device = RawSpan()
            return
        }
        guard let type = Self.type(rest.next()), type != .state else { return nil }
        let node = rest.next()
        let device = type.namesDevice ? rest.next() : RawSpan()
        guard rest.isFinished, second.byteCount > 0, node.byteCount > 0 else { return nil }
        guard type.namesDevice == (device.byteCount > 0) else { return nil }
        self.type = type
        group = second
        self.node = node
        self.device = device
    }

    /// Whether a topic is a command or a host's state, judged as widely as it can be meant: whatever follows the type.
    ///
    /// A topic that no Sparkplug client would accept is still kept from crossing if it names a command. For ``OneSidedTopics``.
    static func staysOnItsSide(_ topic: RawSpan, namespace: String = SparkplugTopic.namespaceB) -> Bool {
        var rest = Levels(topic)
        guard rest.next().equals(namespace) else { return false }
        if rest.next().equals(MessageType.state.rawValue) { return true }
        return type(rest.next())?.staysOnItsSide ?? false
    }

    private static func type(_ level: RawSpan) -> MessageType? {
        MessageType.allCases.first { level.equals($0.rawValue) }
    }
}

/// The levels of a topic, one after the other.
private struct Levels: ~Escapable {
    private var rest: RawSpan
    /// Nothing is left, not even an empty level.
    private(set) var isFinished = false

    @_lifetime(copy topic)
    init(_ topic: RawSpan) { rest = topic }

    /// The next level; empty when there is none.
    @_lifetime(copy self)
    mutating func next() -> RawSpan {
        guard !isFinished else { return RawSpan() }
        let end = rest.withUnsafeBytes { $0.firstIndex(of: UInt8(ascii: "/")) }
        guard let end else {
            isFinished = true
            return rest
        }
        let level = rest.extracting(0..<end)
        rest = rest.extracting((end + 1)..<rest.byteCount)
        return level
    }
}

extension RawSpan {
    fileprivate func equals(_ text: String) -> Bool {
        withUnsafeBytes { bytes in bytes.count == text.utf8.count && bytes.elementsEqual(text.utf8) }
    }
}
