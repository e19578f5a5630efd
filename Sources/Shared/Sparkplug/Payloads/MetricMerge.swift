/// What a metric of a birth says after a metric of data has set it.
///
/// ```text
/// birth   name alias datatype │ timestamp  null/value  metadata  properties  others
/// data                        │ timestamp  null/value  metadata  properties  others
///         from the birth      │ from the data, where it says so; else from the birth
/// ```
///
/// A template may carry only the members that have changed, properties only the keys: they are merged by name. Fields come out in the order of
/// their numbers, so that the same history gives the same bytes on both sides of a link.
enum MetricMerge {
    private typealias Field = MetricView.Field

    private struct Piece {
        let number: Int
        let bytes: ArraySlice<UInt8>
    }

    /// - Parameters:
    ///   - birth: the body of the metric so far, checked.
    ///   - view: the metric of data, in `data`.
    ///   - time: the payload's timestamp, for a metric that has none.
    static func merge(_ birth: [UInt8], with view: MetricView, of data: [UInt8], time: UInt64?) -> [UInt8] {
        let known = Array(FieldReader(birth, birth.indices))
        let news = FieldReader(data, view.range).filter { !isIdentity($0.number) }
        let replaced = Set(news.map(\.number))
        let setsValue = news.contains { isValue($0.number) }

        var pieces: [Piece] = []
        for field in known {
            let number = field.number
            if number == Field.timestamp || number == Field.isHistorical { continue }
            if isValue(number) ? setsValue : replaced.contains(number) { continue }
            pieces.append(Piece(number: number, bytes: birth[field.range]))
        }
        if view.timestamp == nil, let time { pieces.append(Piece(number: Field.timestamp, bytes: timestamp(time))) }
        for field in news where field.number != Field.isHistorical {
            let bytes = merged(field, of: data, into: known, of: birth) ?? data[field.range]
            pieces.append(Piece(number: field.number, bytes: bytes))
        }
        // Sorted by number, and stable: repeated fields keep their order.
        var writer = FieldWriter()
        writer.reserve(birth.count + view.range.count)
        for piece in pieces.enumerated().sorted(by: {
            ($0.element.number, $0.offset) < ($1.element.number, $1.offset)
        }) {
            writer.raw(piece.element.bytes)
        }
        return writer.bytes
    }

    private static func isIdentity(_ number: Int) -> Bool {
        number == Field.name || number == Field.alias || number == Field.datatype
    }

    private static func isValue(_ number: Int) -> Bool { number == Field.isNull || Field.values.contains(number) }

    private static func timestamp(_ time: UInt64) -> ArraySlice<UInt8> {
        var writer = FieldWriter()
        writer.varint(Field.timestamp, time)
        return writer.bytes[...]
    }

    /// A field that is not replaced as a whole: what it says about members, or keys, joins what the birth says of the others.
    private static func merged(
        _ field: WireField, of data: [UInt8], into known: [WireField], of birth: [UInt8]
    ) -> ArraySlice<UInt8>? {
        guard let former = known.last(where: { $0.number == field.number }) else { return nil }
        let body: [UInt8]?
        switch field.number {
        case Field.template:
            body = TemplateMerge.merge(Array(birth[former.value]), with: Array(data[field.value]))
        case Field.properties:
            body = PropertyMerge.merge(Array(birth[former.value]), with: Array(data[field.value]))
        default: return nil
        }
        guard let body else { return nil }
        var writer = FieldWriter()
        writer.message(field.number, body)
        return writer.bytes[...]
    }
}
