import Foundation
import TestKit
import Testing

/// `deploy/install-packages` on machines that are not this one: every command it calls is a stand-in that writes down what it was asked.
@Suite("Setup installs what is missing and nothing else")
struct SetupTests {
    @Test("With everything there, it asks dpkg once and changes nothing")
    func nothingMissing() async throws {
        let machine = try StandInMachine(installed: ["libssl-dev", "libsqlite3-dev", "libzstd-dev", "pkg-config"])
        let run = try await machine.run("build")
        #expect(run.status == .code(0))
        #expect(run.output == "")
        #expect(machine.journal() == "")
    }

    @Test("Only the missing packages are installed, after an update, by root itself")
    func someMissing() async throws {
        let machine = try StandInMachine(installed: ["libssl-dev", "pkg-config"])
        let run = try await machine.run("build")
        #expect(run.status == .code(0))
        #expect(machine.journal().contains("update"))
        #expect(machine.journal().hasSuffix("install -qq -y --no-install-recommends libsqlite3-dev libzstd-dev\n"))
        #expect(!machine.journal().contains("sudo"))
    }

    @Test("An ordinary user is told that sudo is used")
    func ordinaryUser() async throws {
        let machine = try StandInMachine(installed: [], user: 1000)
        let run = try await machine.run("build")
        #expect(run.status == .code(0))
        #expect(run.output.contains("using sudo"))
        #expect(machine.journal().contains("sudo"))
    }

    @Test("Without root and without sudo it says which command root has to run")
    func noRights() async throws {
        let machine = try StandInMachine(
            installed: ["libssl-dev", "pkg-config", "libzstd-dev"], user: 1000, sudo: false)
        let run = try await machine.run("build")
        #expect(run.status == .code(1))
        #expect(run.output.contains("apt-get install --no-install-recommends libsqlite3-dev"))
        #expect(machine.journal() == "")
    }

    @Test("When apt fails, so does setup, and names what is still missing")
    func aptFails() async throws {
        let machine = try StandInMachine(installed: ["libssl-dev", "pkg-config", "libzstd-dev"], aptStatus: 100)
        let run = try await machine.run("build")
        #expect(run.status == .code(1))
        #expect(run.output.contains("Still missing: libsqlite3-dev"))
    }

    @Test("Elsewhere than on Debian it refers to the list")
    func notDebian() async throws {
        let machine = try StandInMachine(installed: nil)
        let run = try await machine.run("build")
        #expect(run.status == .code(1))
        #expect(run.output.contains("debian-packages.txt"))
    }

    @Test("An unknown section is a usage error")
    func unknownSection() async throws {
        let machine = try StandInMachine(installed: [])
        #expect(try await machine.run("attic").status == .code(2))
        #expect(try await machine.run().status == .code(2))
    }
}

/// A folder of stand-ins for dpkg-query, apt-get, sudo and id, gone with the value.
private struct StandInMachine: ~Copyable {
    private let folder: URL
    private let script: URL

    /// - Parameter installed: nil for a machine without dpkg and apt.
    init(installed: [String]?, user: Int = 0, sudo: Bool = true, aptStatus: Int = 0) throws {
        script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("deploy/install-packages")
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("setup-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for tool in ["awk", "bash", "cat", "dirname", "env", "grep", "sed", "sort", "tr"] {
            try FileManager.default.createSymbolicLink(
                atPath: folder.appendingPathComponent(tool).path, withDestinationPath: "/usr/bin/\(tool)")
        }
        try standIn("id", "echo \(user)")
        if sudo { try standIn("sudo", "echo sudo \"$@\" >>\(folder.path)/journal; exec \"$@\"") }
        guard let installed else { return }
        try standIn("apt-get", "echo apt-get \"$@\" >>\(folder.path)/journal; exit \(aptStatus)")
        let lines = installed.map { "installed \($0)\\n" }.joined()
        try standIn("dpkg-query", "printf '\(lines)not-installed other\\n'; exit 1")
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// Runs the script with this section and nothing of the real machine in sight.
    func run(_ sections: String...) async throws -> (status: Child.Exit, output: String) {
        let finished = try await TestKit.run(["env", "-i", "PATH=\(folder.path)", "bash", script.path] + sections)
        return (finished.exit, finished.output + finished.errors)
    }

    /// What apt-get and sudo were asked to do.
    func journal() -> String {
        (try? String(contentsOf: folder.appendingPathComponent("journal"), encoding: .utf8)) ?? ""
    }

    /// A shell writes the file: while this process has it open for writing, a child that another test starts just then would
    /// hold it open too, and running it would fail (ETXTBSY).
    private func standIn(_ name: String, _ body: String) throws {
        let place = folder.appendingPathComponent(name).path
        let writer = try #require(popen("cat >'\(place)' && chmod 755 '\(place)'", "w"))
        fputs("#!/bin/bash\n\(body)\n", writer)
        try #require(pclose(writer) == 0)
    }
}
