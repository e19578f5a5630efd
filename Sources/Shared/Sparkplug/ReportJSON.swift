public import JSON

extension SparkplugReport {
    /// The object `sparkplug` of a status.
    public var json: JSONValue {
        [
            "nodes": .number(nodes), "born": .number(born), "devices": .number(devices), "metrics": .number(metrics),
            "bytes": .number(bytes), "incomplete": .number(incomplete), "faults": Self.json(faults),
            "troubled": .array(
                troubled.map { node in
                    [
                        "node": .text(node.id.description), "incomplete": .flag(node.isIncomplete),
                        "faults": Self.json(node.faults),
                    ]
                }),
        ]
    }

    /// Kinds of which there were any, in the order of their declaration.
    private static func json(_ faults: [SparkplugFault: UInt64]) -> JSONValue {
        .object(
            SparkplugFault.allCases.compactMap { fault in
                faults[fault].map { JSONValue.Member(fault.rawValue, .number($0)) }
            })
    }
}

extension ProxyReport {
    /// The object `sparkplug` of a receiver's link.
    public var json: JSONValue {
        [
            "plant": plant.json, "births": .number(births), "healed": .number(healed), "deaths": .number(deaths),
            "rebirth_requests": .number(rebirthRequests), "rebirths": .number(rebirths),
            "commands_ignored": .number(commandsIgnored), "historical": .number(historical),
            "waiting": .number(waiting), "waited_in_vain": .number(waitedInVain),
            "limited": .flag(isLimited), "unconnected": .number(unconnected),
            "unconnected_reason": .text(unconnectedReason),
            "primary_host_online": primaryHostOnline.map { .flag($0) } ?? .null,
        ]
    }
}
