import MQTT
import TestKit
import Testing
import MQTTProtocol

@Suite("Topic filters match, cover and overlap as MQTT says")
struct TopicFilterTests {
    @Test(
        "A filter matches",
        arguments: [
            ("a/b", "a/b", true), ("a/b", "a/c", false), ("a/b", "a", false), ("a/b", "a/b/c", false),
            ("a/+", "a/b", true), ("a/+", "a/", true), ("a/+", "a", false), ("a/+", "a/b/c", false),
            ("+", "a", true), ("+", "/a", false), ("+/+", "/a", true), ("/+", "/a", true),
            ("#", "a", true), ("#", "a/b/c", true), ("#", "/", true), ("a/#", "a", true), ("a/#", "a/", true),
            ("a/#", "a/b/c", true), ("a/#", "ab", false), ("a/#", "b", false), ("a/+/#", "a/b", true),
            ("a/+/#", "a", false), ("+/#", "a", true), ("+/b/#", "a/b", true), ("a//b", "a//b", true),
            ("a/+/b", "a//b", true), ("#", "$SYS/x", false), ("+/x", "$SYS/x", false), ("$SYS/#", "$SYS/x", true),
            ("$SYS/+", "$SYS/x", true), ("ä/+", "ä/ö", true), ("a/b/#", "a", false), ("a", "a/", false),
        ])
    func matches(filter: String, topic: String, expected: Bool) throws {
        #expect(try TopicFilter(filter).matches(topic) == expected)
    }

    @Test(
        "What is no filter is refused",
        arguments: [
            ("", .empty), ("a#", .wildcardNotWholeLevel(offset: 1)), ("a+/b", .wildcardNotWholeLevel(offset: 1)),
            ("#/a", .multiLevelWildcardNotLast(offset: 0)), ("a/#/b", .multiLevelWildcardNotLast(offset: 2)),
            ("+a", .wildcardNotWholeLevel(offset: 0)), ("a\0", .containsNull),
            ("##", .wildcardNotWholeLevel(offset: 0)),
        ] as [(String, TopicFilter.Fault)])
    func refused(text: String, fault: TopicFilter.Fault) {
        #expect(throws: fault) { _ = try TopicFilter(text) }
    }

    @Test(
        "A filter covers another",
        arguments: [
            ("#", "a/#", true), ("a/#", "a", true), ("a/#", "a/+/b", true), ("a/+", "a/b", true), ("a/+", "a/#", false),
            ("a/b", "a/+", false), ("+/#", "#", false), ("#", "+/#", true), ("a/#", "a/#", true),
            ("#", "$SYS/#", false),
            ("+/a", "$SYS/a", false), ("$SYS/#", "$SYS/a", true), ("a/+/#", "a/b/c", true), ("a/+/#", "a/#", false),
            ("a/+", "a/b/c", false), ("a/b/c", "a/b", false),
        ])
    func covers(filter: String, other: String, expected: Bool) throws {
        #expect(try TopicFilter(filter).covers(TopicFilter(other)) == expected)
    }

    @Test("Matching, covering and overlapping agree with each other and with a naive model", arguments: 0..<20)
    func model(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        func levels(_ names: [String]) -> [String] {
            (0..<Int.random(in: 1...4, using: &random)).map { _ in names.randomElement(using: &random) ?? "" }
        }
        for _ in 0..<500 {
            let a = (levels(["a", "b", "+", "", "$x"]) + (Bool.random(using: &random) ? ["#"] : [])).joined(
                separator: "/")
            let b = (levels(["a", "b", "+", "", "$x"]) + (Bool.random(using: &random) ? ["#"] : [])).joined(
                separator: "/")
            guard let first = try? TopicFilter(a), let second = try? TopicFilter(b) else { continue }
            var shared = false
            for _ in 0..<40 {
                let topic = levels(["a", "b", "", "$x", "c"]).joined(separator: "/")
                guard !topic.isEmpty else { continue }
                let one = first.matches(topic)
                let two = second.matches(topic)
                #expect(one == naive(a, topic), "seed \(seed): \(a) and \(topic)")
                if first.covers(second), two { #expect(one, "seed \(seed): \(a) covers \(b), not \(topic)") }
                shared = shared || (one && two)
            }
            if shared { #expect(first.overlaps(second) && second.overlaps(first), "seed \(seed): \(a) and \(b)") }
            if first.covers(second) { #expect(first.overlaps(second), "seed \(seed): \(a) and \(b)") }
        }
    }

    private func naive(_ filter: String, _ topic: String) -> Bool {
        var pattern = filter.split(separator: "/", omittingEmptySubsequences: false)
        var names = topic.split(separator: "/", omittingEmptySubsequences: false)
        if topic.hasPrefix("$"), pattern[0] == "+" || pattern[0] == "#" { return false }
        while let level = pattern.first {
            if level == "#" { return true }
            guard let name = names.first else { return false }
            guard level == "+" || level == name else { return false }
            pattern.removeFirst()
            names.removeFirst()
            if names.isEmpty, pattern == ["#"] { return true }
        }
        return names.isEmpty
    }
}
