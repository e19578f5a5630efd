import Foundation
import TestKit

/// The table of docs/OPERATIONS.md, "Incidents": what each place says of what an operator may meet.
struct IncidentTable {
    /// What stands at `diode/<link>/status` meanwhile.
    enum Retained: Sendable, Equatable {
        /// State, reason and advice of `status`.
        case same(String)
        /// The will.
        case will
        /// Nobody can read it, or nothing stands there.
        case unreadable
    }

    struct Row: Sendable {
        let name: String
        /// The link's in `status`; nil where no daemon answers.
        let state: String?
        let senderExit, receiverExit, auditExit: Int32
        let retained: Retained
        /// What every place says, the first words of it.
        let reason, advice: String
    }

    /// The document does not have a row as it should be.
    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    let rows: [Row]

    /// Reads it.
    init() throws {
        let path = Executable.projectRoot + "/docs/OPERATIONS.md"
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false)
        guard let heading = lines.firstIndex(of: "### Incidents") else {
            throw Malformed(description: "docs/OPERATIONS.md has no section \"Incidents\"")
        }
        let table = lines[(heading + 1)...].drop { !$0.hasPrefix("|") }.prefix { $0.hasPrefix("|") }
        rows = try table.dropFirst(2).map(Self.row)
    }

    /// | incident | status | retained | exits | reason | what to do |
    private static func row(_ line: Substring) throws -> Row {
        let cells = line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast().map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        let exits = cells.count == 6 ? cells[3].split(separator: ",").compactMap { Int32($0.drop { $0 == " " }) } : []
        guard exits.count == 3 else { throw Malformed(description: "no row of incidents: \(line)") }
        let retained: Retained =
            switch cells[2] {
            case "the same": .same(cells[1])
            case "offline, by its will": .will
            default: .unreadable
            }
        return Row(
            name: cells[0], state: cells[1] == "no answer" ? nil : cells[1], senderExit: exits[0],
            receiverExit: exits[1], auditExit: exits[2], retained: retained, reason: cells[4], advice: cells[5])
    }
}
