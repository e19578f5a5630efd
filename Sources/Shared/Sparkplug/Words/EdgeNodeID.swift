internal import Collections

/// An edge node: the pair of group and node within a namespace (`tck-id-topic-structure-namespace-unique-edge-node-descriptor`).
///
/// Group and node are the bytes of the topic's levels: two spellings of one letter are two nodes, as they are for a broker.
public struct EdgeNodeID: Hashable, Sendable, CustomStringConvertible {
    /// The first level, `spBv1.0`.
    public let namespace: String
    public let group: [UInt8]
    public let node: [UInt8]

    public init(namespace: String, group: [UInt8], node: [UInt8]) {
        self.namespace = namespace
        self.group = group
        self.node = node
    }

    /// `group/node`, for people.
    public var description: String {
        String(decoding: group, as: UTF8.self) + "/" + String(decoding: node, as: UTF8.self)
    }

    /// What the connection of this node on the IT side subscribes to, before `EdgeNodeProxy.connected`: commands for the
    /// node and for its devices.
    public var commandFilters: [[UInt8]] {
        [topic(.nodeCommand), topic(.deviceCommand) + Array("/#".utf8)]
    }

    /// `namespace/group/TYPE/node[/device]`.
    func topic(_ type: SparkplugTopic.MessageType, device: [UInt8]? = nil) -> [UInt8] {
        var topic = Array(namespace.utf8)
        for level in [group, Array(type.rawValue.utf8), node] { topic += [UInt8(ascii: "/")] + level }
        if let device { topic += [UInt8(ascii: "/")] + device }
        return topic
    }

    /// The topic of the birth of the node or device that a message is of; nil if it is not one that crosses.
    public static func birthTopic(ofMessage topic: RawSpan, namespaces: [String]) -> [UInt8]? {
        guard let place = EdgePlace(topic, namespaces: namespaces), !place.type.staysOnItsSide else { return nil }
        return place.id.birthTopic(of: place.device)
    }

    /// The topic under which the state of a device is kept; nil for the node itself.
    func birthTopic(of device: [UInt8]?) -> [UInt8] {
        topic(device == nil ? .nodeBirth : .deviceBirth, device: device)
    }
}

/// A topic of an edge node, taken apart and kept.
struct EdgePlace: Sendable, Equatable {
    let type: SparkplugTopic.MessageType
    let id: EdgeNodeID
    /// nil where the type has none.
    let device: [UInt8]?

    /// - Returns: nil if the topic is not one of an edge node in one of the namespaces.
    init?(_ topic: RawSpan, namespaces: [String]) {
        for namespace in namespaces {
            guard let parts = SparkplugTopic(topic, namespace: namespace) else { continue }
            guard parts.type != .state else { return nil }
            type = parts.type
            id = EdgeNodeID(
                namespace: namespace, group: [UInt8](copying: parts.group), node: [UInt8](copying: parts.node))
            device = parts.type.namesDevice ? [UInt8](copying: parts.device) : nil
            return
        }
        return nil
    }
}

extension SparkplugTopic.MessageType {
    var isBirth: Bool { self == .nodeBirth || self == .deviceBirth }
}
