import Foundation
import Testing

@testable import EventLog
import Time

@Suite("Event log", .timeLimit(.minutes(1)))
struct EventLogTests {
    private let event = Event(
        level: .warning, name: "link.stale", message: "no beat for 3 s",
        fields: [("link", "plant-a"), ("gap", 12), ("open", true), ("topic", "a \"b\"\n")],
        time: UnixMilliseconds(rawValue: 1_763_717_462_120))

    @Test("an event is one line of text, with the time only where nobody else adds it")
    func text() {
        let body = "link.stale: no beat for 3 s link=plant-a gap=12 open=true topic=\"a \\\"b\\\"\\n\""
        #expect(event.line(.text, journal: false) == "2025-11-21T09:31:02.120Z warning \(body)")
        #expect(event.line(.text, journal: true) == "<4>\(body)")
    }

    @Test("an event is one JSON object a line")
    func json() throws {
        let line = event.line(.json, journal: false)
        #expect(!line.contains("\n"))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(object["time"] as? String == "2025-11-21T09:31:02.120Z")
        #expect(object["level"] as? String == "warning")
        #expect(object["event"] as? String == "link.stale")
        #expect(object["message"] as? String == "no beat for 3 s")
        #expect(object["link"] as? String == "plant-a")
        #expect(object["gap"] as? Int == 12)
        #expect(object["open"] as? Bool == true)
        #expect(object["topic"] as? String == "a \"b\"\n")
    }

    @Test(
        "what comes from outside can neither forge a line nor make it endless",
        arguments: ["\u{0}\u{1b}[31m\r\n<3>forged", "\u{85}\u{2028}", String(repeating: "\u{e4}", count: 70_000)])
    func hostile(text: String) throws {
        let event = Event(
            level: .info, name: "x", message: text, fields: [("topic", .text(text))],
            time: UnixMilliseconds(rawValue: 0))
        for format in EventFormat.allCases {
            let line = event.line(format, journal: false)
            #expect(line.utf8.count < 4_096)
            #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0 != "\u{85}" && $0 != "\u{2028}" })
        }
        let object = try JSONSerialization.jsonObject(with: Data(event.line(.json, journal: false).utf8))
        let message = try #require((object as? [String: Any])?["message"] as? String)
        #expect(text.hasPrefix(message) || message.hasSuffix("…"))
    }

    @Test("one event cannot drown the others: the rest of a storm is counted and told")
    func throttled() {
        var throttle = EventThrottle()
        let admitted = (0..<1_000).filter { _ in throttle.admits("storm", now: MonotonicInstant(nanoseconds: 5)) }.count
        #expect(admitted == EventThrottle.limit)
        let calm = throttle.admits("calm", now: MonotonicInstant(nanoseconds: 6))
        let early = throttle.closed(now: MonotonicInstant(nanoseconds: 7))
        #expect(calm && early.isEmpty)
        let told = throttle.closed(now: MonotonicInstant(nanoseconds: 5).advanced(by: EventThrottle.window))
        #expect(told == [EventThrottle.Suppressed(event: "storm", count: 1_000 - EventThrottle.limit)])
        let again = throttle.admits("storm", now: MonotonicInstant(nanoseconds: 6).advanced(by: EventThrottle.window))
        let nothing = throttle.closed(
            now: MonotonicInstant(nanoseconds: 6).advanced(by: EventThrottle.window), all: true)
        #expect(again && nothing.isEmpty)
    }

    @Test("names are remembered up to a limit, and those beyond it are still counted")
    func throttleIsBounded() {
        var throttle = EventThrottle()
        let admitted = (0..<2_000).filter { throttle.admits("event-\($0)", now: MonotonicInstant(nanoseconds: 1)) }
            .count
        #expect(admitted == EventThrottle.maximumNames + EventThrottle.limit)
        let told = throttle.closed(now: MonotonicInstant(nanoseconds: 1), all: true)
        #expect(told.map(\.event) == [EventThrottle.rest])
        #expect(told.map(\.count).reduce(admitted, +) == 2_000)
    }

    @Test("lines of several threads do not mix, and what is below the threshold is not written")
    func threads() async throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        let log = EventLog(format: .json, threshold: .notice, descriptor: ends[1])
        await withTaskGroup { group in
            for task in 0..<4 {
                group.addTask {
                    for index in 0..<10 { log.notice("event-\(task)", "a line", ["index": .number(index)]) }
                    log.info("event-\(task)", "not important")
                }
            }
        }
        for _ in 0..<(EventThrottle.limit + 5) { log.error("storm", "again") }
        log.finish()
        close(ends[1])
        let text = try #require(
            String(
                data: FileHandle(fileDescriptor: ends[0], closeOnDealloc: true).readToEnd() ?? Data(), encoding: .utf8))
        let lines = text.split(separator: "\n")
        #expect(lines.count == 40 + EventThrottle.limit + 1)
        for line in lines { #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(line.utf8)) } }
        #expect(lines.last?.contains("5 more lines of storm within 10 s were not written") == true)
    }

    @Test("journald is recognised by the descriptor it reads, not by the variable alone")
    func journal() {
        var status = stat()
        #expect(fstat(2, &status) == 0)
        #expect(EventLog.isJournal(2, stream: "\(status.st_dev):\(status.st_ino)"))
        #expect(!EventLog.isJournal(2, stream: "1:1"))
        #expect(!EventLog.isJournal(2, stream: nil))
    }
}
