import Foundation
import TestKit
import Testing

@Suite("diode-send rotate", .timeLimit(.minutes(2)))
struct RotateTests {
    private let shell: Operator
    private let first: String
    private let configuration: String
    private var key: String { shell.folder.file("plant-a.key") }
    private var next: String { shell.folder.file("plant-a.key.next") }
    private var statements: String { shell.folder.file("plant-a.rotations") }

    init() async throws {
        shell = try Operator()
        first = try await shell.keygen()
        configuration = try shell.writeSender(
            """
            { link: { name: "plant-a", key: "plant-a.key", rate: "100Mbit/s", paths: ["127.0.0.1:\(freePort())"] },
              broker: { url: "mqtt://127.0.0.1:1" }, export: [{ filter: "acme/#" }], state: "send.db", status: null }
            """)
    }

    private func rotate() async throws -> String {
        let finished = try await shell.send("rotate", "--config", configuration)
        #expect(finished.succeeded, "\(finished.errors)")
        return String(finished.output.split(separator: " ").last?.dropLast() ?? "")
    }

    private func check() async throws -> String { try await shell.send("check", "--config", configuration).output }

    @Test("a new key, its card, and a line for each key before it")
    func twice() async throws {
        let old = try Data(contentsOf: URL(fileURLWithPath: key))
        let second = try await rotate()
        #expect(second.hasPrefix("SHA256:") && second != first)
        #expect(try Data(contentsOf: URL(fileURLWithPath: key)) != old)
        let third = try await rotate()
        #expect(try String(contentsOfFile: statements, encoding: .utf8).split(separator: "\n").count == 2)
        #expect(!FileManager.default.fileExists(atPath: next))
        let mode = try FileManager.default.attributesOfItem(atPath: key)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let said = try await check()
        #expect(said.contains(third) && said.contains("2 earlier keys are told of"), "\(said)")
        #expect(try await shell.send("rotate", "--forget", "--config", configuration).succeeded)
        #expect(try await shell.send("rotate", "--forget", "--config", configuration).exit == .code(1))
        #expect(try await !check().contains("earlier keys"))
    }

    @Test(
        "interrupted at any point the key before is in use, and the same command goes on with the key that it had made")
    func interrupted() async throws {
        // The new key is there, and nothing else.
        let elsewhere = shell.folder.file("elsewhere")
        try FileManager.default.createDirectory(atPath: elsewhere, withIntermediateDirectories: true)
        let waiting = try await shell.keygen(into: elsewhere)
        try FileManager.default.moveItem(atPath: "\(elsewhere)/plant-a.key", toPath: next)
        #expect(try await check().contains("begun and not finished"))
        #expect(try await rotate() == waiting)
        // All but the last step.
        let before = try Data(contentsOf: URL(fileURLWithPath: key))
        let second = try await rotate()
        try FileManager.default.moveItem(atPath: key, toPath: next)
        try before.write(to: URL(fileURLWithPath: key))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)
        let said = try await check()
        #expect(said.contains(waiting) && said.contains("begun and not finished"), "\(said)")
        #expect(said.contains("1 earlier keys are told of"), "\(said)")
        #expect(try await rotate() == second)
        #expect(try String(contentsOfFile: statements, encoding: .utf8).split(separator: "\n").count == 2)
        #expect(try await check().contains(second))
    }

    @Test("statements that somebody damaged are named by their line, and nothing is rotated")
    func damaged() async throws {
        _ = try await rotate()
        try "AAAA\n".write(toFile: statements, atomically: true, encoding: .utf8)
        let old = try Data(contentsOf: URL(fileURLWithPath: key))
        let finished = try await shell.send("rotate", "--config", configuration)
        #expect(finished.exit == .code(1) && finished.errors.contains("line 1 is no statement"), "\(finished.errors)")
        #expect(try Data(contentsOf: URL(fileURLWithPath: key)) == old)
    }
}
