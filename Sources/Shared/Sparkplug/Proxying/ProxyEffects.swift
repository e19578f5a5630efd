/// What a session wants done, and counts.
struct ProxyEffects: Sendable {
    private(set) var actions: [EdgeNodeProxy.Action] = []
    var report = ProxyReport()
    /// How often something was beyond a limit.
    var overLimit = 0
    /// Of which of a node's records some may not have to wait any more.
    private var releases: Releases?

    enum Releases: Equatable {
        case all
        /// Of one device.
        case device([UInt8])
    }

    mutating func release(_ what: Releases) { releases = releases == nil || releases == what ? what : .all }

    mutating func takeReleases() -> Releases? {
        defer { releases = nil }
        return releases
    }

    mutating func connect(_ id: EdgeNodeID, will: [UInt8]) {
        actions.append(.connect(id, will: message(id.topic(.nodeDeath), will, qos: 1)))
    }

    mutating func publish(
        _ id: EdgeNodeID, _ type: SparkplugTopic.MessageType, device: [UInt8]? = nil, _ payload: [UInt8], token: UInt64?
    ) {
        let qos: UInt8 = type == .nodeDeath ? 1 : 0
        actions.append(.publish(id, message(id.topic(type, device: device), payload, qos: qos), token: token))
    }

    mutating func disconnect(_ id: EdgeNodeID) { actions.append(.disconnect(id)) }

    mutating func forget(_ id: EdgeNodeID) { actions.append(.forget(id)) }

    mutating func answer(_ id: EdgeNodeID, _ token: UInt64?) {
        if let token { actions.append(.answer(id, token: token)) }
    }

    mutating func giveUp(_ token: UInt64?) {
        if let token { actions.append(.giveUp(token: token)) }
    }

    mutating func refuse(_ token: UInt64?) {
        if let token { actions.append(.refuse(token: token)) }
    }

    mutating func takeActions() -> [EdgeNodeProxy.Action] {
        defer { actions = [] }
        return actions
    }

    /// Tokens mean nothing any more.
    mutating func forgetTokens() {
        actions = actions.compactMap { action in
            switch action {
            case .answer, .giveUp, .refuse: nil
            case .publish(let id, let message, _): .publish(id, message, token: nil)
            case .connect, .disconnect, .forget: action
            }
        }
    }

    private func message(_ topic: [UInt8], _ payload: [UInt8], qos: UInt8) -> EdgeNodeProxy.Message {
        EdgeNodeProxy.Message(topic: topic, payload: payload, qos: qos)
    }
}

/// What a session must know of the world.
struct Circumstances: Sendable {
    /// The link speaks, and the primary host is online if there is one.
    let mayLive: Bool
    /// The same, and the host has said so since the IT broker was last connected.
    let mayBegin: Bool
    /// With the bytes that are left for this node.
    let limits: SparkplugLimits
    let now: Moment
}
