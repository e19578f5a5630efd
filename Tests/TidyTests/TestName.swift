/// What a test or a suite is called.
struct TestName {
    let line: Int
    let text: String

    /// Those of a Swift file, in order.
    static func all(in source: String) -> [TestName] {
        guard source.contains("@Test") || source.contains("@Suite") else { return [] }
        var line = 1
        var counted = source.startIndex
        return source.matches(of: /@(?:Test|Suite)\(\s*"([^"]*)"/).map { match in
            line += source[counted..<match.range.lowerBound].utf8.count { $0 == UInt8(ascii: "\n") }
            counted = match.range.lowerBound
            return TestName(line: line, text: String(match.output.1))
        }
    }
}
