import MQTTProtocol
import Testing

@testable import SenderOTCore

@Suite struct SessionFiltersTests {
    private static func filters(_ texts: String...) throws -> [TopicFilter] { try texts.map { try TopicFilter($0) } }

    @Test("P1 a session that outlives the sender gives up the filters of an older configuration, and no others")
    func stale() throws {
        var session = SessionFilters(noted: "", rules: try Self.filters("a/+", "+/b"))
        session.connected(isResumed: true)
        #expect(session.begin(try Self.filters("+/+")) == (try Self.filters("a/+", "+/b")))
        // Until the broker has answered, the session may hold them; a restart remembers that.
        var next = SessionFilters(noted: session.note, rules: [])
        next.connected(isResumed: true)
        #expect(next.begin(try Self.filters("+/+")) == (try Self.filters("a/+", "+/b")))
        next.settled()
        #expect(next.note == "3:+/+")
        #expect(next.begin(try Self.filters("c")) == (try Self.filters("+/+")))
        next.connected(isResumed: false)
        #expect(next.begin(try Self.filters("c")).isEmpty)
    }

    @Test(
        "what is noted comes back, whatever stands in a filter; what is damaged is left out",
        arguments: [
            ("6:a:b\n/#1:c", "6:a:b\n/#1:c"), ("3:a/b2:c", "3:a/b"), ("x:a", ""), ("-1:a", ""),
            ("99999999999999999999:a", ""),
            ("2:ä1:b", "2:ä1:b"), ("0:", ""), ("1:", ""),
        ])
    func noted(text: String, read: String) {
        var session = SessionFilters(noted: text, rules: [])
        _ = session.begin([])
        #expect(session.note == read)
    }
}
