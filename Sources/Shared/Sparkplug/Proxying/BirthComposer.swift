/// Writes the births and deaths of an edge node as hosts must see them, whatever the plant's looked like.
///
/// ```text
/// NBIRTH  timestamp │ bdSeq, Node Control/Rebirth = false, metrics …, in the order of their times │ seq 0
/// DBIRTH  timestamp │                                      metrics …, in the order of their times │ seq
/// NDEATH  timestamp │ bdSeq                                                                       │ (no seq)
/// DDEATH  timestamp │                                                                             │ seq
/// ```
///
/// A metric without timestamp gets that of the plant's birth; datatypes are in the table already. Without aliases, each metric loses its own.
enum BirthComposer {
    private typealias Field = MetricView.Field

    /// `tck-id-topics-nbirth-…`, `tck-id-payloads-nbirth-…`.
    static func nodeBirth(_ table: MetricTable, bdSeq: UInt8, time: UInt64, withAliases: Bool) -> [UInt8] {
        let table = table.settled
        var bodies = [bdSeqMetric(bdSeq, time: time)]
        if table.metric(named: MetricName.rebirth) == nil { bodies.append(rebirthMetric(nil, time: time)) }
        for metric in table.metrics where metric.name != MetricName.bdSeq {
            bodies.append(
                metric.name == MetricName.rebirth
                    ? rebirthMetric(metric, time: time)
                    : body(of: metric, time: table.timestamp ?? time, withAliases: withAliases))
        }
        return birth(table, bodies, seq: 0, time: time)
    }

    /// `tck-id-topics-dbirth-…`.
    static func deviceBirth(_ table: MetricTable, seq: UInt8, time: UInt64, withAliases: Bool) -> [UInt8] {
        let table = table.settled
        let bodies = table.metrics.map { body(of: $0, time: table.timestamp ?? time, withAliases: withAliases) }
        return birth(table, bodies, seq: seq, time: time)
    }

    /// The metrics stand in the order of their times (`tck-id-operational-behavior-data-publish-nbirth-order`, `…-dbirth-order`), those of one time
    /// as the plant had them.
    private static func birth(_ table: MetricTable, _ bodies: [[UInt8]], seq: UInt8, time: UInt64) -> [UInt8] {
        let times = bodies.map { MetricView($0, $0.indices).timestamp ?? time }
        var writer = FieldWriter()
        writer.reserve(table.bytes)
        writer.varint(Payload.Field.timestamp, time)
        for place in bodies.indices.sorted(by: { (times[$0], $0) < (times[$1], $1) }) {
            writer.message(Payload.Field.metric, bodies[place])
        }
        writer.varint(Payload.Field.seq, UInt64(seq))
        writer.raw(table.others)
        return writer.bytes
    }

    /// `tck-id-topics-ndeath-payload`, `tck-id-topics-ndeath-seq`.
    static func nodeDeath(bdSeq: UInt8, time: UInt64) -> [UInt8] {
        var writer = FieldWriter()
        writer.varint(Payload.Field.timestamp, time)
        writer.message(Payload.Field.metric, bdSeqMetric(bdSeq, time: time))
        return writer.bytes
    }

    /// `tck-id-topics-ddeath-seq-num`, `tck-id-payloads-ddeath-timestamp`.
    static func deviceDeath(seq: UInt8, time: UInt64) -> [UInt8] {
        var writer = FieldWriter()
        writer.varint(Payload.Field.timestamp, time)
        writer.varint(Payload.Field.seq, UInt64(seq))
        return writer.bytes
    }

    /// The NCMD that asks an edge node for its births (`tck-id-payloads-ncmd-timestamp`, `tck-id-operational-behavior-data-commands-rebirth-…`).
    static func rebirthRequest(time: UInt64) -> [UInt8] {
        var metric = FieldWriter()
        metric.message(Field.name, MetricName.rebirth)
        metric.varint(Field.timestamp, time)
        metric.varint(Field.datatype, Datatype.boolean.rawValue)
        metric.varint(Field.boolean, 1)
        var writer = FieldWriter()
        writer.varint(Payload.Field.timestamp, time)
        writer.message(Payload.Field.metric, metric.bytes)
        return writer.bytes
    }

    /// INT64, 0…255 (`tck-id-payloads-nbirth-bdseq`, `tck-id-payloads-ndeath-bdseq`).
    private static func bdSeqMetric(_ bdSeq: UInt8, time: UInt64) -> [UInt8] {
        var writer = FieldWriter()
        writer.message(Field.name, MetricName.bdSeq)
        writer.varint(Field.timestamp, time)
        writer.varint(Field.datatype, Datatype.int64.rawValue)
        writer.varint(Field.long, UInt64(bdSeq))
        return writer.bytes
    }

    /// Boolean, false, never with an alias (`tck-id-topics-nbirth-rebirth-metric`,
    /// `tck-id-operational-behavior-data-commands-rebirth-name-aliases`). What else the plant said of it stays.
    private static func rebirthMetric(_ metric: MetricTable.Metric?, time: UInt64) -> [UInt8] {
        var writer = FieldWriter()
        writer.message(Field.name, MetricName.rebirth)
        let fields = metric.map { Array(FieldReader($0.body, $0.body.indices)) } ?? []
        if !fields.contains(where: { $0.number == Field.timestamp }) { writer.varint(Field.timestamp, time) }
        for field in fields where field.number == Field.timestamp { writer.varint(Field.timestamp, field.varint) }
        writer.varint(Field.datatype, Datatype.boolean.rawValue)
        writer.varint(Field.boolean, 0)
        guard let metric else { return writer.bytes }
        let written = [Field.name, Field.alias, Field.timestamp, Field.datatype, Field.isHistorical, Field.isNull]
        for field in fields where !written.contains(field.number) && !Field.values.contains(field.number) {
            writer.raw(metric.body[field.range])
        }
        return writer.bytes
    }

    private static func body(of metric: MetricTable.Metric, time: UInt64, withAliases: Bool) -> [UInt8] {
        let view = MetricView(metric.body, metric.body.indices)
        let withAliases = withAliases && metric.name != MetricName.bdSeq && metric.name != MetricName.rebirth
        if view.timestamp != nil, withAliases || view.alias == nil { return metric.body }
        var writer = FieldWriter()
        for field in FieldReader(metric.body, metric.body.indices) where withAliases || field.number != Field.alias {
            writer.raw(metric.body[field.range])
        }
        if view.timestamp == nil { writer.varint(Field.timestamp, time) }
        return writer.bytes
    }
}
