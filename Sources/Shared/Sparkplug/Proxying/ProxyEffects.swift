/// What a session wants done, and counts.
struct ProxyEffects: Sendable {
    private(set) var actions: [EdgeNodeProxy.Action] = []
    var report = ProxyReport()
    /// Records that wait may not have to any more.
    var releases = false

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

    mutating func answer(_ token: UInt64?) {
        if let token { actions.append(.answer(token: token)) }
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
            case .answer, .refuse: nil
            case .publish(let id, let message, _): .publish(id, message, token: nil)
            case .connect, .disconnect: action
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
    /// With the bytes that are left for this node.
    let limits: SparkplugLimits
    let now: Moment
}
