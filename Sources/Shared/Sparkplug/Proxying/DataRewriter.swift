/// Writes a message of data, or a device's death, as hosts must see it: the plant's bytes with our `seq`, and each metric named as the births on
/// the IT side named it. Untouched fields, unknown ones among them, stay where they are.
enum DataRewriter {
    private typealias Field = MetricView.Field

    /// What becomes of a metric.
    enum Naming: Equatable {
        case dropped
        /// `tck-id-payloads-name-requirement`.
        case byName([UInt8])
        /// `tck-id-payloads-alias-data-cmd-requirement`.
        case byAlias(UInt64)
    }

    /// One metric of the payload, decided.
    struct Decision {
        var naming: Naming
        /// Not the current value any more.
        var isHistorical: Bool
    }

    /// - Parameters:
    ///   - decisions: one for each metric of the payload, in order.
    ///   - time: the payload's timestamp, if it has none.
    static func rewrite(_ payload: Payload, decisions: [Decision], seq: UInt8, time: UInt64) -> [UInt8] {
        precondition(decisions.count == payload.metrics.count, "every metric is decided")
        var writer = FieldWriter()
        writer.reserve(payload.bytes.count + 16)
        if payload.timestamp == nil { writer.varint(Payload.Field.timestamp, time) }
        var place = 0
        var hasSeq = false
        for field in FieldReader(payload.bytes, payload.bytes.indices) {
            switch field.number {
            case Payload.Field.metric:
                if let body = metric(
                    payload.metrics[place], of: payload, decisions[place], time: payload.timestamp ?? time)
                {
                    writer.message(Payload.Field.metric, body)
                }
                place += 1
            case Payload.Field.seq:
                if !hasSeq { writer.varint(Payload.Field.seq, UInt64(seq)) }
                hasSeq = true
            default: writer.raw(payload.bytes[field.range])
            }
        }
        if !hasSeq { writer.varint(Payload.Field.seq, UInt64(seq)) }
        return writer.bytes
    }

    private static func metric(
        _ view: MetricView, of payload: Payload, _ decision: Decision, time: UInt64
    ) -> [UInt8]? {
        let bytes = payload.bytes
        let isNamed: Bool
        switch decision.naming {
        case .dropped: return nil
        case .byName(let name): isNamed = view.alias == nil && bytes[view.name].elementsEqual(name)
        case .byAlias(let alias): isNamed = view.alias == alias && view.name.isEmpty
        }
        let isMarked = view.isHistorical == decision.isHistorical
        if isNamed, isMarked, view.timestamp != nil { return Array(bytes[view.range]) }

        var writer = FieldWriter()
        switch decision.naming {
        case .dropped: return nil
        case .byName(let name): writer.message(Field.name, name)
        case .byAlias(let alias): writer.varint(Field.alias, alias)
        }
        if view.timestamp == nil { writer.varint(Field.timestamp, time) }
        for field in FieldReader(bytes, view.range) where field.number != Field.name && field.number != Field.alias {
            if field.number == Field.isHistorical, !isMarked { continue }
            writer.raw(bytes[field.range])
        }
        if decision.isHistorical, !isMarked { writer.varint(Field.isHistorical, 1) }
        return writer.bytes
    }
}
