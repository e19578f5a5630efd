import Foundation
import JSON
import TestKit
import Testing
import Threading

@testable import Control

@Suite("Control", .timeLimit(.minutes(1)))
struct ControlTests {
    private let folder: TemporaryDirectory
    private var state: String { folder.file("send.db") }

    init() throws { folder = try TemporaryDirectory("control") }

    private func refusal<Value: ~Copyable>(_ body: () throws(ControlError) -> Value) -> ControlError? {
        do {
            _ = try body()
            return nil
        } catch { return error }
    }

    @Test("a request is answered, again and from several clients at once")
    func answers() async throws {
        let server = try ControlServer(state: state) { request, _ in ["you": request, "ok": true] }
        defer { server.stop() }
        let state = state
        try await withThrowingTaskGroup { group in
            for index in 0..<ControlServer.maximumClients {
                group.addTask {
                    for round in 0..<20 {
                        let request: JSONValue = ["request": "status", "n": .number(index * 100 + round)]
                        let answer = try ControlClient.ask(state: state, request)
                        guard answer == ["you": request, "ok": true] else { throw Unexpected(answer: answer) }
                    }
                }
            }
            try await group.waitForAll()
        }
        let mode = try FileManager.default.attributesOfItem(atPath: server.path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    private struct Unexpected: Error { let answer: JSONValue }

    @Test("an answer much larger than the socket's buffer arrives whole")
    func largeAnswer() throws {
        let text = String(repeating: "namespace/", count: 300_000)
        let server = try ControlServer(state: state) { _, _ in ["text": .text(text)] }
        defer { server.stop() }
        #expect(try ControlClient.ask(state: state, [:])["text"]?.text == text)
    }

    @Test("no daemon, a daemon that is gone and a socket that it left behind are told and overcome")
    func unreachable() throws {
        let path = state + ".sock"
        let missing = refusal { () throws(ControlError) in try ControlClient.ask(state: state, [:]) }
        #expect(missing?.description == "no daemon answers at \(path): No such file or directory")
        // A socket without a listener is what kill -9 leaves.
        let dead = try ControlSocket.listen(at: path)
        close(dead)
        let refused = refusal { () throws(ControlError) in try ControlClient.ask(state: state, [:]) }
        #expect(refused?.description == "no daemon answers at \(path): Connection refused")
        let server = try ControlServer(state: state) { _, _ in ["ok": true] }
        #expect(try ControlClient.ask(state: state, [:]) == ["ok": true])
        server.stop()
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("a file that is no socket is not taken away")
    func notASocket() throws {
        let path = state + ".sock"
        try folder.write("send.db.sock", "precious")
        let state = state
        let error = refusal { () throws(ControlError) in try ControlServer(state: state) { request, _ in request } }
        #expect(error?.description == "control socket \(path): bind: Address already in use")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
    }

    @Test("a request that is too long or no JSON gets an error and the server goes on")
    func badRequests() throws {
        let server = try ControlServer(state: state) { _, _ in ["ok": true] }
        defer { server.stop() }
        #expect(
            try exchange("nonsense\n")
                == "{\"error\":\"no request: 1:1: \\\"nonsense\\\" is no value; a text stands in quotes\"}\n")
        let long = try exchange(String(repeating: "x", count: ControlSession.maximumRequestBytes + 10))
        let told = "{\"error\":\"a request has at most \(ControlSession.maximumRequestBytes) bytes\"}\n"
        #expect(long == told || long.isEmpty)
        #expect(try exchange("{}\n{}\n") == "{\"ok\":true}\n{\"ok\":true}\n")
        #expect(try exchange("{}") == "")
        #expect(try ControlClient.ask(state: state, [:]) == ["ok": true])
    }

    @Test("clients beyond the limit are turned away and those within are still served")
    func clientLimit() throws {
        let server = try ControlServer(state: state) { _, _ in ["ok": true] }
        defer { server.stop() }
        let path = state + ".sock"
        var idle: [Int32] = []
        for _ in 0..<ControlServer.maximumClients {
            idle.append(try ControlSocket.connect(to: path, timeout: .seconds(5)))
        }
        defer { for descriptor in idle { close(descriptor) } }
        // The accepted ones are those that answer.
        for descriptor in idle { #expect(try exchange("{}\n", on: descriptor, all: false) == "{\"ok\":true}\n") }
        #expect(try exchange("{}\n") == "")
    }

    @Test("a silent daemon is timed out, and a path too long is refused by name")
    func timeouts() throws {
        let silent = try ControlSocket.listen(at: state + ".sock")
        defer { close(silent) }
        let error = refusal { () throws(ControlError) in
            try ControlClient.ask(state: state, [:], timeout: .milliseconds(50))
        }
        #expect(error == .timedOut(path: state + ".sock"))
        let long = folder.file(String(repeating: "x", count: 100))
        guard
            case .pathTooLong? = refusal({ () throws(ControlError) in
                try ControlServer(state: long) { request, _ in request }
            })
        else {
            Issue.record("a path of \(long.utf8.count) bytes was taken")
            return
        }
    }

    @Test("D9 a state has one daemon: a second one is refused with the first one's process id, until it ends")
    func stateLock() async throws {
        let state = state
        do {
            let lock = try StateLock(state: state)
            let error = refusal { () throws(ControlError) in try StateLock(state: state) }
            #expect(error == .stateInUse(path: state, process: getpid()))
            withExtendedLifetime(lock) {}
        }
        #expect(refusal { () throws(ControlError) in try StateLock(state: state) } == nil)
        // However the other one ends: here by kill -9.
        let other = try Child([
            "flock", "--no-fork", "--exclusive", state + ".lock", "sh", "-c", "echo locked; exec sleep 60",
        ])
        #expect(await eventually { other.lines == ["locked"] })
        #expect(refusal { () throws(ControlError) in try StateLock(state: state) } != nil)
        try await other.kill9()
        #expect(refusal { () throws(ControlError) in try StateLock(state: state) } == nil)
        let missing = refusal { () throws(ControlError) in try StateLock(state: "/nonexistent/send.db") }
        #expect(missing?.description == "lock /nonexistent/send.db.lock: open: No such file or directory")
    }

    /// Sends bytes, ends its side, and returns everything that comes back.
    private func exchange(_ text: String) throws -> String {
        let descriptor = try ControlSocket.connect(to: state + ".sock", timeout: .seconds(5))
        defer { close(descriptor) }
        return try exchange(text, on: descriptor, all: true)
    }

    private func exchange(_ text: String, on descriptor: Int32, all: Bool) throws -> String {
        _ = send(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL))
        if all { shutdown(descriptor, Int32(SHUT_WR)) }
        var received: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4_096)
        while case let count = recv(descriptor, &chunk, chunk.count, 0), count > 0 {
            received += chunk[..<count]
            if !all, received.last == 0x0A { break }
        }
        return String(decoding: received, as: UTF8.self)
    }
}
