public import Configuration
public import JSON
public import SenderOTCore

/// `check --against-running`: the rules of a file against those of the daemon (C1).
///
/// ```text
/// check ── { command, export } ─▶ daemon: what is held and goes ─▶ { export: its own rules, removed, added }
///   └── fetches what the OT broker retains: what both rules say of it ─▶ added
/// ```
extension SenderService {
    /// What `check` asks.
    public static func comparisonRequest(_ configuration: SenderConfiguration) -> JSONValue {
        ["command": "compare-export", "export": configuration.effective["export"] ?? []]
    }

    /// The daemon's answer; nil if another thing is asked.
    public func comparison(answering request: JSONValue) -> JSONValue? {
        guard request["command"]?.text == "compare-export", let rules = request["export"] else { return nil }
        do throws(ConfigError) {
            let found = compare(with: try SenderConfiguration.rules(of: rules))
            return [
                "export": effectiveExport, "removed": Self.json(found.removed), "added": Self.json(found.added),
            ]
        } catch { return ["error": .text(error.description)] }
    }

    private static func json(_ sample: TopicSample) -> JSONValue {
        ["count": .number(sample.count), "topics": .array(sample.names.map { .text($0) })]
    }
}

extension SenderConfiguration {
    /// The policy of this file.
    public var policy: ExportPolicy { ExportPolicy(rules: export, sparkplugNamespaces: sparkplug.namespaces) }

    /// Reads rules as the effective configuration writes them.
    public static func rules(of export: JSONValue) throws(ConfigError) -> [ExportPolicy.Rule] {
        let text = JSONValue.object([.init("export", export)]).line
        return try ConfigFile(path: "export", bytes: Array(text.utf8)).read {
            (file: inout ConfigSection) throws(ConfigError) in
            try file.sections("export", count: 0...1_024, ExportPolicy.Rule.init)
        }.value
    }
}
