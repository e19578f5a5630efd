import Foundation
import Testing

@testable import Threading

@Suite("Threading", .timeLimit(.minutes(1)))
struct ThreadingTests {
    @Test("a ring hands over every element in order while both ends run, and the consumer learns of the end")
    func ringKeepsOrder() throws {
        let ring = try SPSCRing<Int>(capacity: 64)
        let total = 200_000
        let producer = try WorkerThread(name: "producer", owning: ring.producer()) { producer in
            var producer = producer
            var next = 0
            while next < total {
                if producer.push(next) { next += 1 } else { sched_yield() }
                if next % 16 == 0 { producer.wake() }
            }
            producer.finish()
        }
        var consumer = ring.consumer()
        var expected = 0
        while !consumer.isFinished {
            guard let element = consumer.pop() else {
                consumer.wait(timeout: .seconds(1))
                continue
            }
            guard element == expected else {
                Issue.record("got \(element), expected \(expected)")
                break
            }
            expected += 1
        }
        producer.join()
        #expect(expected == total)
    }

    @Test("a full ring refuses, and frees what nobody took")
    func ringIsBounded() throws {
        final class Token: Sendable {
            let alive: Lock<Int>
            init(_ alive: Lock<Int>) {
                self.alive = alive
                alive.withLock { $0 += 1 }
            }
            deinit { alive.withLock { $0 -= 1 } }
        }
        let alive = Lock(0)
        func fillAndDrop() throws {
            let ring = try SPSCRing<Token>(capacity: 4)
            var producer = ring.producer()
            var consumer = ring.consumer()
            for _ in 0..<4 {
                let taken = producer.push(Token(alive))
                #expect(taken)
            }
            let refused = producer.push(Token(alive))
            #expect(!refused)
            #expect(ring.count == 4)
            let taken = consumer.pop()
            #expect(taken != nil)
            let room = producer.push(Token(alive))
            #expect(room)
        }
        try fillAndDrop()
        #expect(alive.withLock { $0 } == 0)
    }

    @Test("threads that take turns on a lock lose no update")
    func lockExcludes() throws {
        let counter = Lock(0)
        let threads = try (0..<4).map { index in
            try WorkerThread(name: "adder-\(index)") { for _ in 0..<20_000 { counter.withLock { $0 += 1 } } }
        }
        for thread in threads { thread.join() }
        #expect(counter.withLock { $0 } == 80_000)
    }

    @Test("a signal given before the wait is not lost, and many signals are one")
    func wakeupRemembers() throws {
        let wakeup = try Wakeup()
        #expect(!wakeup.wait(timeout: .zero))
        wakeup.signal()
        wakeup.signal()
        #expect(wakeup.wait())
        #expect(!wakeup.take())
    }

    @Test("a poller names the descriptor that is ready by its tag, and forgets a removed one")
    func pollerTags() throws {
        let first = try Wakeup()
        let second = try Wakeup()
        var poller = try Poller(maximumEvents: 4)
        try poller.add(first.fileDescriptor, tag: 1, interest: .reading)
        try poller.add(second.fileDescriptor, tag: 2, interest: .reading)
        second.signal()
        var tags: [UInt64] = []
        try poller.wait(timeout: .seconds(5)) { tags.append($0.tag) }
        #expect(tags == [2])
        try poller.remove(second.fileDescriptor)
        let ready = try poller.wait(timeout: .zero) { _ in }
        #expect(ready == 0)
        var refused: SystemError?
        do { try poller.add(-1, tag: 3, interest: .reading) } catch { refused = error }
        #expect(refused?.description == "epoll_ctl: Bad file descriptor")
    }

    @Test("a thread bears its name and is over after join")
    func threadIsNamed() throws {
        let seen = Lock("")
        let thread = try WorkerThread(name: "diode-emitter-of-plant-a") {
            let name = try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
            seen.withLock { $0 = name ?? "" }
        }
        thread.join()
        thread.join()
        #expect(seen.withLock { $0 } == "diode-emitter-o\n")
    }

    @Test(
        "a wait is never rounded down to a busy loop, and never beyond what poll takes",
        arguments: [
            (Duration.zero, Int32(0)), (.nanoseconds(1), 1), (.milliseconds(1), 1), (.microseconds(1_001), 2),
            (.seconds(3), 3_000), (.seconds(-1), 0), (.seconds(Int64.max), Int32.max),
        ])
    func pollRounding(timeout: Duration, milliseconds: Int32) {
        #expect(Duration.pollMilliseconds(timeout) == milliseconds)
        #expect(Duration.pollMilliseconds(nil) == -1)
    }
}
