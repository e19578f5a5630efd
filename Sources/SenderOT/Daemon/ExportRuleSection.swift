internal import Configuration
internal import JSON
internal import MQTT
internal import MQTTProtocol
internal import SenderOTCore

/// One entry of `export` in the file.
extension ExportPolicy.Rule {
    /// Takes its keys.
    init(_ section: inout ConfigSection) throws(ConfigError) {
        let filter = try section.required("filter", .topicPattern)
        guard !filter.description.hasPrefix("$") else {
            // A share would take its messages from the other members of its group, and they arrive under topics without `$share`.
            throw section.error(
                "filter", "nothing below \"$\" crosses, and no shared subscription is used",
                allowed: "a filter that begins with another character")
        }
        let exceptions = try section.list("except", of: .topicPattern, count: 0...1_024, default: [])
        let rate = try section.optional("max_rate", .messageRate)
        let deadband = try section.optional("deadband", .deadband)
        let payload = try section.optional("max_payload", .bytes(ByteSize(bytes: 0)...(.mebibytes(1))))
        let prefix = try section.value("prefix", .topicPrefix, default: "")
        do throws(TopicFilter.Fault) {
            var filters: [TopicFilter] = []
            for exception in exceptions { filters.append(try TopicFilter(exception.description)) }
            self.init(
                filter: try TopicFilter(filter.description), exceptions: filters, interval: rate?.interval,
                deadband: deadband, maximumPayloadBytes: payload.map { Int(clamping: $0.bytes) }, prefix: prefix)
        } catch { throw section.error("filter", "no topic filter: \(error)") }
    }

    /// The key that this rule has, although it exports nothing but Sparkplug topics, to which it does not apply.
    private var idleKey: String? {
        if interval != nil { return "max_rate" }
        if deadband != nil { return "deadband" }
        return prefix.isEmpty ? nil : "prefix"
    }

    /// Refuses rules that contradict themselves or each other.
    static func check(
        _ rules: [ExportPolicy.Rule], namespaces: [String], _ file: ConfigSection
    ) throws(ConfigError) {
        for (index, rule) in rules.enumerated() {
            for namespace in namespaces {
                guard !rule.prefix.starts(with: "\(namespace)/".utf8) else {
                    throw file.error("export[\(index)].prefix", "it would make Sparkplug topics of others")
                }
                guard rule.isOnly(namespace), let key = rule.idleKey else { continue }
                throw file.error(
                    "export[\(index)].\(key)", "it does not apply to Sparkplug topics, and this rule has no others")
            }
            // No two topics of the plant may become one.
            guard let other = rules[..<index].firstIndex(where: { $0.meets(rule) }) else { continue }
            throw file.error(
                "export[\(index)].prefix", "a topic of this rule could have the name of one of export[\(other)]",
                allowed: "prefixes behind which the rules' filters do not meet")
        }
    }
}

extension ConfigKind where Value == Deadband {
    /// A number, or the name of a field and a number.
    fileprivate static var deadband: ConfigKind {
        .init(
            allowed: "a number above 0, or { field: a name of 1…256 bytes, delta: a number above 0 }",
            parse: { value, _ throws(ConfigFault) in
                guard case .object(let members) = value else { return Deadband(delta: try delta(value)) }
                guard members.map(\.name).sorted() == ["delta", "field"], let field = value["field"]?.text,
                    (1...256).contains(field.utf8.count), let number = value["delta"]
                else { throw ConfigFault("not { field, delta }") }
                return Deadband(delta: try delta(number), field: field)
            },
            render: { deadband in
                let delta: JSONValue =
                    Int64(exactly: deadband.delta).map { .integer($0) } ?? .decimal(deadband.delta)
                return deadband.field.map { ["field": .text($0), "delta": delta] } ?? delta
            })
    }

    private static func delta(_ value: JSONValue) throws(ConfigFault) -> Double {
        let number: Double? =
            switch value {
            case .integer(let number): Double(number)
            case .decimal(let number): number
            default: nil
            }
        guard let number, number > 0, number.isFinite else { throw ConfigFault("\(value.line) is no number above 0") }
        return number
    }
}
