import Foundation
import Glibc
import Testing

/// `deploy/install-packages` on machines that are not this one: every command it calls is a stand-in that writes down what it was asked.
@Suite("Setup installs what is missing and nothing else")
struct SetupTests {
    @Test("With everything there, it asks dpkg once and changes nothing")
    func nothingMissing() throws {
        let machine = try StandInMachine(installed: ["libssl-dev", "libsqlite3-dev", "libzstd-dev", "pkg-config"])
        let run = try machine.run("build")
        #expect(run.status == 0)
        #expect(run.output == "")
        #expect(machine.journal() == "")
    }

    @Test("Only the missing packages are installed, after an update, by root itself")
    func someMissing() throws {
        let machine = try StandInMachine(installed: ["libssl-dev", "pkg-config"])
        let run = try machine.run("build")
        #expect(run.status == 0)
        #expect(machine.journal().contains("update"))
        #expect(machine.journal().hasSuffix("install -qq -y --no-install-recommends libsqlite3-dev libzstd-dev\n"))
        #expect(!machine.journal().contains("sudo"))
    }

    @Test("An ordinary user is told that sudo is used")
    func ordinaryUser() throws {
        let machine = try StandInMachine(installed: [], user: 1000)
        let run = try machine.run("build")
        #expect(run.status == 0)
        #expect(run.output.contains("using sudo"))
        #expect(machine.journal().contains("sudo"))
    }

    @Test("Without root and without sudo it says which command root has to run")
    func noRights() throws {
        let machine = try StandInMachine(
            installed: ["libssl-dev", "pkg-config", "libzstd-dev"], user: 1000, sudo: false)
        let run = try machine.run("build")
        #expect(run.status == 1)
        #expect(run.output.contains("apt-get install --no-install-recommends libsqlite3-dev"))
        #expect(machine.journal() == "")
    }

    @Test("When apt fails, so does setup, and names what is still missing")
    func aptFails() throws {
        let machine = try StandInMachine(installed: ["libssl-dev", "pkg-config", "libzstd-dev"], aptStatus: 100)
        let run = try machine.run("build")
        #expect(run.status == 1)
        #expect(run.output.contains("Still missing: libsqlite3-dev"))
    }

    @Test("Elsewhere than on Debian it refers to the list")
    func notDebian() throws {
        let machine = try StandInMachine(installed: nil)
        let run = try machine.run("build")
        #expect(run.status == 1)
        #expect(run.output.contains("debian-packages.txt"))
    }

    @Test("An unknown section is a usage error")
    func unknownSection() throws {
        let machine = try StandInMachine(installed: [])
        #expect(try machine.run("attic").status == 2)
        #expect(try machine.run("").status == 2)
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

    /// Runs the script with these arguments and nothing of the real machine in sight.
    func run(_ arguments: String) throws -> (status: Int32, output: String) {
        let command = "exec env -i PATH=\(folder.path) bash '\(script.path)' \(arguments) 2>&1 </dev/null"
        let pipe = try #require(popen(command, "r"))
        var output: [UInt8] = []
        var byte = fgetc(pipe)
        while byte != EOF {
            output.append(UInt8(truncatingIfNeeded: byte))
            byte = fgetc(pipe)
        }
        let status = pclose(pipe)
        return ((status >> 8) & 0xFF, String(decoding: output, as: UTF8.self))
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
