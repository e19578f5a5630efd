import Foundation
import TestKit
import Testing

/// The table of clauses in docs/SPARKPLUG.md and what shows them do not drift apart.
@Suite("The table of Sparkplug's clauses")
struct ClauseTableTests {
    private let rows: [(clause: String, shown: String)]
    private let words: Set<String>
    private let page: String

    init() throws {
        page = try String(contentsOfFile: Executable.projectRoot + "/docs/SPARKPLUG.md", encoding: .utf8)
        let lines = page.split(separator: "\n").map {
            $0.split(separator: "|").map { $0.trimmingCharacters(in: [" "]) }
        }
        rows = lines.compactMap { cells in
            guard cells.count == 3, cells[0].hasPrefix("`tck-id-") else { return nil }
            return (String(cells[0].dropFirst("`tck-id-".count).dropLast()), cells[2])
        }
        words = Set(lines.filter { $0.count == 2 }.map { $0[0] })
    }

    @Test("No clause stands twice, and the page counts them right")
    func counted() {
        #expect(Set(rows.map(\.clause)).count == rows.count)
        let asked = rows.count { $0.shown == "request" }
        #expect(page.contains("All \(rows.count - asked) clauses"))
        #expect(page.contains("the \(asked) that bind the sender"))
    }

    @Test("Every clause that the strict host judges is in the table, and every word of the table is explained")
    func explained() throws {
        let host = try String(
            contentsOfFile: Executable.projectRoot + "/Tests/clients/paho-mqtt/sparkplug_host.py", encoding: .utf8)
        let judged = host.matches(of: /"((?:payloads|topics?|operational|message|principles|case)-[A-Za-z0-9-]+)"/)
            .map { String($0.output.1) }
        #expect(judged.count > 30)
        #expect(Set(judged).subtracting(rows.map(\.clause)) == [])
        for row in rows where row.shown.hasPrefix("checker") || row.shown.contains("Tests") {
            let named = row.shown.split(separator: ";").map {
                $0.trimmingCharacters(in: [" "]).prefix { $0.isLetter || $0 == "-" }
            }
            #expect(named.allSatisfy { words.contains(String($0)) || $0 == "as" }, "\(row.clause): \(row.shown)")
        }
    }

    @Test("The suites that the table names exist")
    func suites() throws {
        let folder = Executable.projectRoot + "/Tests/SparkplugPairTests/"
        let suites = Set(page.matches(of: /\b([A-Z][A-Za-z]+Tests):/).map { String($0.output.1) })
        #expect(suites.count >= 6)
        for suite in suites {
            #expect(FileManager.default.fileExists(atPath: folder + suite + ".swift"), "\(suite)")
        }
    }
}
