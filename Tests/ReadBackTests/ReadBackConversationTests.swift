import ReadBackCore
import TestKit
import Testing

@Suite("The conversation of read-back")
struct ReadBackConversationTests {
    private func value(_ topic: String) -> RetainedValue {
        RetainedValue(topic: Array(topic.utf8), stamp: nil, value: 1)
    }

    /// Number and freshness of what a beginning says.
    private func beginning(_ order: ReadBackOrder?) -> (number: UInt64, isNewConnection: Bool)? {
        if case .begin(let number, let isNew) = order { (number, isNew) } else { nil }
    }

    private func isCancelled(_ order: ReadBackOrder?) -> Bool { if case .cancel = order { true } else { false } }

    private func compared(_ order: ReadBackOrder?) -> Int? {
        if case .compare(let values) = order { values.count } else { nil }
    }

    private func isEnd(_ order: ReadBackOrder?) -> Bool { if case .end(true, _) = order { true } else { false } }

    private func isNothing(_ order: ReadBackOrder?) -> Bool { if case .none = order { true } else { false } }

    /// A conversation in which a reading goes on.
    private func reading() -> Held<ReadBackConversation<Int>> {
        let talk = Held(ReadBackConversation<Int>())
        talk.ask { $0.request(isNewConnection: true) }
        let number = beginning(talk.ask { $0.takeOrder() })?.number ?? 0
        talk.ask { $0.accept() }
        talk.ask { $0.begin(number, behind: 10) }
        #expect(talk.ask { $0.start(settled: 10) })
        return talk
    }

    @Test("A request is repeated until the core accepts it; reading waits until all before its beginning has left")
    func turns() {
        let talk = Held(ReadBackConversation<Int>())
        #expect(isNothing(talk.ask { $0.takeOrder() }))
        talk.ask { $0.request(isNewConnection: true) }
        #expect(beginning(talk.ask { $0.takeOrder() })?.isNewConnection == true)
        let again = beginning(talk.ask { $0.takeOrder() })
        #expect(again?.isNewConnection == true)
        talk.ask { $0.accept() }
        #expect(
            isNothing(talk.ask { $0.takeOrder() }) && !talk.ask { $0.start(settled: 99) },
            "the store has not said where the beginning lies")
        talk.ask { $0.begin(again?.number ?? 0, behind: 10) }
        #expect(!talk.ask { $0.start(settled: 9) })
        #expect(talk.ask { $0.start(settled: 10) })
        #expect(!talk.ask { $0.start(settled: 10) }, "once")
    }

    @Test("What was put is compared before the end is told")
    func order() {
        let talk = reading()
        for topic in ["a", "b"] { #expect(talk.ask { $0.put(value(topic)) } == .taken) }
        let everything = RetainedExpectations(admits: { _ in true }, refuses: { _, _ in false })
        talk.ask { $0.finish(isComplete: true, everything) }
        #expect(talk.ask { $0.put(value("c")) } == .over)
        #expect(compared(talk.ask { $0.takeOrder() }) == 2)
        #expect(isEnd(talk.ask { $0.takeOrder() }))
        #expect(isNothing(talk.ask { $0.takeOrder() }))
    }

    @Test("P8 so many values wait to be compared, and then there is no room")
    func bounded() {
        let talk = reading()
        for _ in 0..<ReadBackConversation<Int>.valueLimit { #expect(talk.ask { $0.put(value("a")) } == .taken) }
        #expect(talk.ask { $0.put(value("a")) } == .full)
        #expect(compared(talk.ask { $0.takeOrder() }) == ReadBackConversation<Int>.valueLimit)
        #expect(talk.ask { $0.put(value("a")) } == .taken)
    }

    @Test(
        "A broker that goes ends the reading: what was put of it is gone, and the core is told before anything new begins"
    )
    func cancelled() {
        let talk = reading()
        _ = talk.ask { $0.put(value("a")) }
        talk.ask { $0.cancel() }
        #expect(talk.ask { $0.put(value("b")) } == .over)
        let everything = RetainedExpectations(admits: { _ in true }, refuses: { _, _ in false })
        talk.ask { $0.finish(isComplete: true, everything) }
        #expect(isCancelled(talk.ask { $0.takeOrder() }))
        #expect(isNothing(talk.ask { $0.takeOrder() }))
        talk.ask { $0.request(isNewConnection: true) }
        #expect(beginning(talk.ask { $0.takeOrder() })?.isNewConnection == true)
    }

    @Test("What the store says of an earlier reading does not begin the next one")
    func stale() {
        let talk = Held(ReadBackConversation<Int>())
        talk.ask { $0.request(isNewConnection: true) }
        let first = beginning(talk.ask { $0.takeOrder() })?.number ?? 0
        talk.ask { $0.accept() }
        talk.ask { $0.request(isNewConnection: false) }
        let second = beginning(talk.ask { $0.takeOrder() })?.number ?? 0
        talk.ask { $0.accept() }
        talk.ask { $0.begin(first, behind: 1) }
        #expect(first != second && !talk.ask { $0.start(settled: 99) })
        talk.ask { $0.begin(second, behind: 50) }
        #expect(!talk.ask { $0.start(settled: 49) } && talk.ask { $0.start(settled: 50) })
    }

    @Test("A wish is told once, and a new request makes it void")
    func wish() {
        let talk = Held(ReadBackConversation<Int>())
        talk.ask { $0.wish() }
        let (once, twice) = (talk.ask { $0.takeWish() }, talk.ask { $0.takeWish() })
        #expect(once && !twice)
        talk.ask { $0.wish() }
        talk.ask { $0.request(isNewConnection: false) }
        let later = talk.ask { $0.takeWish() }
        #expect(!later)
    }
}
