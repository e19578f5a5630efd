/// What a template instance says after data with some of its members has set it (Sparkplug 3.0.0 section 6.4.11).
enum TemplateMerge {
    private static let members = 2

    /// - Returns: nil if members cannot be told apart by name; the data then stands for itself.
    static func merge(_ birth: [UInt8], with data: [UInt8]) -> [UInt8]? {
        let news = Array(FieldReader(data, data.indices))
        var changes: [[UInt8]: MetricView] = [:]
        for field in news where field.number == members {
            let view = MetricView(data, field.value)
            guard !view.name.isEmpty, changes.updateValue(view, forKey: Array(data[view.name])) == nil else {
                return nil
            }
        }
        let replaced = Set(news.map(\.number)).subtracting([members])

        var writer = FieldWriter()
        for field in FieldReader(birth, birth.indices) where !replaced.contains(field.number) {
            guard field.number == members else {
                writer.raw(birth[field.range])
                continue
            }
            let body = Array(birth[field.value])
            let name = Array(birth[MetricView(birth, field.value).name])
            if let change = changes.removeValue(forKey: name) {
                writer.message(members, MetricMerge.merge(body, with: change, of: data, time: nil))
            } else {
                writer.raw(birth[field.range])
            }
        }
        for field in news {
            let isNewMember = field.number == members && changes[Array(data[MetricView(data, field.value).name])] != nil
            if field.number != members || isNewMember { writer.raw(data[field.range]) }
        }
        return writer.bytes
    }
}
