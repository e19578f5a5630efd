import Foundation
import TestKit
import Testing

@Suite("Pairing", .timeLimit(.minutes(2)))
struct PairingTests {
    private let shell: Operator
    private let fingerprint: String
    private let configuration: String
    private var card: String { shell.folder.file("plant-a.card") }
    private var paired: String { shell.folder.file("it/a.card") }

    init() async throws {
        shell = try Operator()
        fingerprint = try await shell.keygen()
        configuration = try shell.writeReceiver()
        try FileManager.default.createDirectory(atPath: shell.folder.file("it"), withIntermediateDirectories: true)
    }

    private func isPaired() throws -> Bool {
        guard let copy = FileManager.default.contents(atPath: paired) else { return false }
        return try copy == Data(contentsOf: URL(fileURLWithPath: card))
    }

    @Test("pair shows the fingerprint and asks; only yes pairs", arguments: ["yes", "y", "no", "", "YES"])
    func asks(answer: String) async throws {
        let finished = try await shell.receive("pair", "--config", configuration, card, input: answer + "\n")
        #expect(finished.output.contains(fingerprint))
        #expect(finished.succeeded == (answer == "yes"))
        #expect(try isPaired() == (answer == "yes"))
        if answer != "yes" { #expect(finished.exit == .code(1)) }
    }

    @Test("pair takes the fingerprint as an option, and refuses another one or none")
    func fingerprintOption() async throws {
        let silent = try await shell.receive("pair", "--config", configuration, card)
        #expect(silent.exit == .code(1))
        let other = fingerprint.dropLast() + (fingerprint.hasSuffix("A") ? "B" : "A")
        let wrong = try await shell.receive("pair", "--config", configuration, "--fingerprint", String(other), card)
        #expect(wrong.exit == .code(1))
        #expect(wrong.errors == "diode-recv: the card's fingerprint is \(fingerprint), not \(other): not paired\n")
        let nonsense = try await shell.receive("pair", "--config", configuration, "--fingerprint", "SHA256:x", card)
        #expect(nonsense.exit == .code(2))
        #expect(try !isPaired())
        let right = try await shell.receive("pair", "--config", configuration, card, "--fingerprint=\(fingerprint)")
        #expect(right.succeeded)
        #expect(try isPaired())
        let again = try await shell.receive("pair", "--config", configuration, "--fingerprint", fingerprint, card)
        #expect(again.succeeded)
    }

    @Test("another key for a known link needs --replace with the key that goes")
    func replace() async throws {
        #expect(try await shell.receive("pair", "-c", configuration, "--fingerprint", fingerprint, card).succeeded)
        try FileManager.default.createDirectory(atPath: shell.folder.file("new"), withIntermediateDirectories: true)
        let next = try await shell.keygen(into: shell.folder.file("new"))
        let card = shell.folder.file("new/plant-a.card")
        let refused = try await shell.receive("pair", "-c", configuration, "--fingerprint", next, card)
        #expect(refused.exit == .code(1))
        #expect(refused.errors.contains("has another key already: \(fingerprint)"))
        #expect(try isPaired())
        let third = try await shell.keygen("plant-b")
        let wrong = try await shell.receive(
            "pair", "-c", configuration, "--fingerprint", next, "--replace", third, card)
        #expect(wrong.exit == .code(1))
        #expect(try isPaired())
        let right = try await shell.receive(
            "pair", "-c", configuration, "--fingerprint", next, "--replace", fingerprint, card)
        #expect(right.succeeded)
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: paired)) == Data(contentsOf: URL(fileURLWithPath: card)))
    }

    @Test("an older card of the same key does not come back")
    func olderCard() async throws {
        let sender = try shell.writeSender()
        #expect(try await shell.send("card", "-c", sender, "--out", shell.folder.file("fresh.card")).succeeded)
        #expect(
            try await shell.receive(
                "pair", "-c", configuration, "--fingerprint", fingerprint, shell.folder.file("fresh.card")
            ).succeeded)
        let older = try await shell.receive("pair", "-c", configuration, "--fingerprint", fingerprint, card)
        #expect(older.exit == .code(1))
        #expect(older.errors.contains("this card is older than the one at \(paired)"))
    }

    @Test("a card that is missing, damaged or for a link that is not configured is refused by name")
    func badCards() async throws {
        let missing = try await shell.receive("pair", "-c", configuration, shell.folder.file("none.card"))
        #expect(missing.exit == .code(1))
        #expect(missing.errors == "diode-recv: card \(shell.folder.file("none.card")): No such file or directory\n")

        let text = try String(contentsOfFile: card, encoding: .utf8)
        let damaged = try shell.folder.write("damaged.card", text.replacing("plant-a", with: "plant-b"))
        let refused = try await shell.receive("pair", "-c", configuration, damaged)
        #expect(refused.exit == .code(1))
        #expect(refused.errors.contains("card \(damaged): the signature does not belong to this card"))

        _ = try await shell.keygen("plant-z")
        let foreign = try await shell.receive("pair", "-c", configuration, shell.folder.file("plant-z.card"))
        #expect(foreign.exit == .code(1))
        #expect(foreign.errors.contains("the card is for link \"plant-z\""))
        #expect(foreign.errors.contains("it has: plant-a, plant-b"))
    }
}
