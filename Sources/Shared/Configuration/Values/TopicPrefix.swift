extension ConfigKind where Value == String {
    /// Levels to stand before a topic, without a slash at the end: one that is written there means nothing and is taken off.
    public static var topicPrefix: ConfigKind {
        .init(
            allowed: "\"\", or 1…1024 bytes of topic levels that are not empty, without + # and not below $ or diode",
            text: { text throws(ConfigFault) in
                let levels = (text.hasSuffix("/") ? text.dropLast() : text[...]).split(
                    separator: "/", omittingEmptySubsequences: false)
                guard !text.isEmpty else { return "" }
                guard text.utf8.count <= 1_024, levels.allSatisfy({ !$0.isEmpty }), levels[0] != "diode",
                    !text.hasPrefix("$"), !text.utf8.contains(where: { $0 < 0x20 || "+#".utf8.contains($0) })
                else { throw ConfigFault("\"\(text.prefix(60))\" is no prefix") }
                return levels.joined(separator: "/")
            }, render: { $0 })
    }
}
