package import MQTTProtocol

/// What a broker granted in CONNACK, as far as it costs records: one line each, for `check`, status, beat and log.
package enum BrokerTerms {
    /// - Parameter grant: of a connection that asked for a session without an end.
    package static func shortfalls(_ grant: ServerGrant) -> [String] {
        var lines: [String] = []
        if grant.sessionExpirySeconds != .max {
            lines.append(
                "the OT broker keeps our queue for \(grant.sessionExpirySeconds) s only; what it delivers to nobody for longer is lost")
        }
        if !grant.retainAvailable {
            lines.append("the OT broker keeps no retained messages, so there are no retained values to replicate")
        }
        if grant.maximumQoS < .exactlyOnce {
            let cost = grant.maximumQoS == .atMostOnce ? ": records are lost while either side is away" : ""
            lines.append("the OT broker takes no messages above QoS \(grant.maximumQoS.rawValue)\(cost)")
        }
        if !grant.wildcardsAvailable {
            lines.append("the OT broker takes no subscriptions with wildcards")
        }
        return lines
    }
}
