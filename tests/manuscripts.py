"""Ten documents as authors hand them in: what each says, what it must not say, and what an editor is told."""

from __future__ import annotations

from dataclasses import dataclass

from word_files import (
    CHART,
    FERRY,
    WordFile,
    commented,
    deleted,
    inserted,
    link,
    listed,
    note_reference,
    paragraph,
    picture,
    run,
    split,
    table,
)


@dataclass(frozen=True, kw_only=True)
class Manuscript:
    file: WordFile
    headlines: tuple[str, ...]
    authors: tuple[tuple[str, ...], ...]
    #: each paragraph that readers get, somewhere in the article
    says: tuple[str, ...]
    #: in no field of it
    says_not: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    #: beginnings of what editors are told
    told: tuple[str, ...] = ()
    pictures: int = 0


_LEAD = "For three winters the ferry to Ostrel has run on borrowed fuel, and its captain keeps the receipts."
_LONG = "The harbour board met eleven times, and eleven times it put the question off until the ice had gone."


def word_article() -> Manuscript:
    """Word 365: styles, runs cut by revisions, smart tags, a footnote, a picture with its caption, a link."""
    tag = f'<w:smartTag w:uri="urn:x" w:element="place">{run("Ostrel")}</w:smartTag>'
    body = [
        paragraph(split("The Ferry That Stayed"), "Title"),
        paragraph(split("By Ann Example and Ben Sample")),
        paragraph(split(_LEAD)),
        paragraph(picture("rId5", "A ferry in the ice")),
        paragraph(run("The ferry at dawn"), "Caption"),
        paragraph(run("Credit: Example Pictures")),
        paragraph(split("Background"), "Heading1"),
        paragraph(split(_LONG[:40], "<w:b/>") + run(_LONG[40:]) + note_reference(2)),
        paragraph(
            run("It began in ") + tag + run(", by the old pier, as ") + link("the register", "rId6") + run(" says.")
        ),
        paragraph(split("What the captain kept"), "Heading2"),
        paragraph(run("Forty receipts.")),
        paragraph(run("Author’s bio:", "<w:b/>") + run(" Ann Example writes on harbours.")),
    ]
    file = WordFile(
        body=body,
        media={"rId5": FERRY},
        links={"rId6": "https://example.org/register"},
        footnotes={2: "Minutes of the board."},
    )
    return Manuscript(
        file=file,
        headlines=("The Ferry That Stayed",),
        authors=(("Ann Example", "Ben Sample"),),
        says=(
            _LEAD,
            "The ferry at dawn",
            "Example Pictures",
            f"{_LONG}[1]",
            "Forty receipts.",
            "It began in Ostrel, by the old pier, as the register says.",
            "[1] Minutes of the board.",
            "Ann Example writes on harbours.",
        ),
        says_not=("By Ann", "Credit:"),
        sections=("Background", "What the captain kept", "Notes"),
        pictures=1,
    )


def word_page() -> Manuscript:
    """Word: a page's text pasted in, its labels in bold capitals, with spaces that do not break."""
    body = [
        paragraph(run("By Cleo Probe\u00a0")),
        paragraph(run(_LEAD)),
        paragraph(run("A second paragraph of the standfirst.")),
        paragraph(run("\u00a0Credit: Example Pictures")),
        paragraph(
            run("BACKGROUND:", "<w:b/>") + run("\u00a0First paragraph with ") + run("stress", "<w:i/>") + run(".")
        ),
        paragraph(run("Second para\u00adgraph.")),
        paragraph(""),
        paragraph(run("IMPLI", "<w:b/>") + run("CATIONS: ", "<w:b/>") + run("Third paragraph.")),
        paragraph(run("CONCLUSIONS:")),
        paragraph(run("Fourth paragraph.")),
        paragraph(run("AUTHOR’S BIO:")),
        paragraph(run("Cleo Probe teaches.")),
    ]
    return Manuscript(
        file=WordFile(body=body, title="Microsoft Word - final FINAL.docx"),
        headlines=("",),
        authors=(("Cleo Probe",),),
        says=(
            _LEAD,
            "A second paragraph of the standfirst.",
            "Example Pictures",
            "First paragraph with stress.",
            "Second paragraph.",
            "Third paragraph.",
            "Fourth paragraph.",
            "Cleo Probe teaches.",
        ),
        sections=("BACKGROUND", "IMPLICATIONS", "CONCLUSIONS"),
    )


def word_reviewed() -> Manuscript:
    """Word with a reviewer's hand in it: comments, insertions, deletions, a move, a deleted end of paragraph."""
    ended = '<w:rPr><w:del w:id="9" w:author="Dora Trial" w:date="2026-01-05T10:00:00Z"/></w:rPr>'
    moved_from = f'<w:moveFrom w:id="4" w:author="Dora Trial">{run("This was moved.")}</w:moveFrom>'
    moved_to = f'<w:moveTo w:id="5" w:author="Dora Trial">{run("This was moved.")}</w:moveTo>'
    body = [
        paragraph(run("A Reviewed Story"), "Title"),
        paragraph(run("By Ann Example")),
        paragraph(
            run("The board met ") + deleted("ten ", "Dora Trial") + inserted("eleven ", "Dora Trial") + run("times.")
        ),
        paragraph(moved_from),
        paragraph(run("Findings"), "Heading1"),
        paragraph(commented("Forty receipts", 0) + run(" were kept.")),
        paragraph(run("This sentence goes "), properties=ended),
        paragraph(run("on in the next paragraph.")),
        paragraph(inserted("A paragraph that came late.", "Eli Test")),
        paragraph(deleted("A paragraph that went.", "Eli Test")),
        paragraph(moved_to),
    ]
    file = WordFile(body=body, comments=[(0, "Dora Trial", "Who counted them?"), (1, "Eli Test", "Well done")])
    return Manuscript(
        file=file,
        headlines=("A Reviewed Story",),
        authors=(("Ann Example",),),
        says=(
            "The board met eleven times.",
            "Forty receipts were kept.",
            "This was moved.",
            "This sentence goes on in the next paragraph.",
            "A paragraph that came late.",
        ),
        says_not=("ten eleven", "A paragraph that went", "Who counted", "Well done", "Dora"),
        sections=("Findings",),
        told=(
            "Comment by Dora Trial on “Forty receipts”: “Who counted them?”.",
            "Comment by Eli Test: “Well done”.",
            "Dora Trial deleted “ten”; it is left out.",
            "Dora Trial inserted “eleven”; it is kept.",
            "Eli Test inserted “A paragraph that came late.”; it is kept.",
            "Eli Test deleted “A paragraph that went.”; it is left out.",
            "Dora Trial moved “This was moved.”; it stands where it was moved to.",
        ),
    )


def word_furniture() -> Manuscript:
    """Word with all that a converter may pass over: a text box, fields, a formula, lists, tables, a quotation."""
    box = (
        "<w:r><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing><wp:anchor><wp:docPr id='3' name='Box'/>"
        "<a:graphic><a:graphicData uri='http://schemas.microsoft.com/office/word/2010/wordprocessingShape'><wps:wsp>"
        f"<wps:txbx><w:txbxContent>{paragraph(run('In a box beside the text.'))}</w:txbxContent></wps:txbx></wps:wsp>"
        "</a:graphicData></a:graphic></wp:anchor></w:drawing></mc:Choice><mc:Fallback><w:pict><v:shape><v:textbox>"
        f"<w:txbxContent>{paragraph(run('In a box beside the text.'))}</w:txbxContent></v:textbox></v:shape></w:pict>"
        "</mc:Fallback></mc:AlternateContent></w:r>"
    )
    simple = f'<w:fldSimple w:instr=" DATE ">{run("5 January 2026")}</w:fldSimple>'
    complex_link = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>HYPERLINK "https://example.org/f"</w:instrText>'
        f'</w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>{run("a linked field")}<w:r>'
        '<w:fldChar w:fldCharType="end"/></w:r>'
    )
    formula = "<m:oMathPara><m:oMath><m:r><m:t>E = mc²</m:t></m:r></m:oMath></m:oMathPara>"
    hidden = run("Nobody sees this.", "<w:vanish/>")
    body = [
        paragraph(run("Furniture"), "Title"),
        paragraph(run("By Ann Example")),
        paragraph(run(_LEAD) + box),
        paragraph(run("Lists"), "Heading1"),
        listed(run("First of all")),
        listed(run("Within the first"), level=1, number=2),
        listed(run("Deeper still"), level=2),
        listed(run("Second")),
        paragraph(run("A quotation on its own."), "Quote"),
        table(("Year", "Letters"), ("2025", "410")),
        paragraph(run("On ") + simple + run(" with ") + complex_link + run(".") + hidden),
        paragraph(formula),
    ]
    return Manuscript(
        file=WordFile(body=body),
        headlines=("Furniture",),
        authors=(("Ann Example",),),
        says=(
            _LEAD,
            "In a box beside the text.",
            "First of all",
            "Within the first",
            "Deeper still",
            "Second",
            "A quotation on its own.",
            "Year Letters",
            "2025 410",
            "On 5 January 2026 with a linked field.",
            "E = mc²",
        ),
        says_not=("Nobody sees this",),
        sections=("Lists",),
        told=("Hidden text was left out: “Nobody sees this.”.", "A formula was kept as plain text: “E = mc²”."),
    )


def word_german() -> Manuscript:
    """Word in German: ids of styles in its language, a contents table, content controls, one prompt not filled in."""
    styles = {"Titel": "Title", "berschrift1": "heading 1", "Verzeichnis1": "toc 1"}
    own = (
        '<w:style w:type="paragraph" w:styleId="Zwischentitel"><w:name w:val="Zwischentitel"/>'
        '<w:basedOn w:val="berschrift1"/></w:style>'
    )
    contents = (
        '<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj></w:sdtPr>'
        f"<w:sdtContent>{paragraph(run('Die Fähre 1'), 'Verzeichnis1')}</w:sdtContent></w:sdt>"
    )
    control = f"<w:sdt><w:sdtPr/><w:sdtContent>{paragraph(run('Ein Absatz im Steuerelement.'))}</w:sdtContent></w:sdt>"
    prompt = (
        f"<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>{run('Klicken Sie hier.')}</w:sdtContent></w:sdt>"
    )
    body = [
        paragraph(run("Die Fähre, die blieb"), "Titel"),
        contents,
        paragraph(run("By Jürgen Müller-Lüdenscheidt")),
        paragraph(run("Drei Winter lang fuhr die Fähre mit geliehenem Öl.")),
        paragraph(run("Hintergrund"), "berschrift1"),
        control,
        paragraph(run("Der Hafen") + "<w:r><w:softHyphen/></w:r>" + run("rat tagte.") + prompt),
        paragraph(run("Ausblick"), "Zwischentitel"),
        paragraph(run("Im Frühling.")),
    ]
    return Manuscript(
        file=WordFile(body=body, styles=styles, more_styles=own),
        headlines=("Die Fähre, die blieb",),
        authors=(("Jürgen Müller-Lüdenscheidt",),),
        says=(
            "Drei Winter lang fuhr die Fähre mit geliehenem Öl.",
            "Ein Absatz im Steuerelement.",
            "Der Hafenrat tagte.",
            "Im Frühling.",
        ),
        says_not=("Klicken", "Fähre 1"),
        sections=("Hintergrund", "Ausblick"),
        told=("The table of contents was left out.",),
    )


def google_article() -> Manuscript:
    """Google Docs: its names of styles, fonts at every run, a picture in a paragraph of its own, comments."""
    font = '<w:rFonts w:ascii="Georgia" w:cs="Georgia"/><w:rtl w:val="0"/>'
    body = [
        paragraph(run("The Bridge Nobody Ordered", font), "Title", "<w:pageBreakBefore w:val='0'/>"),
        paragraph(run("It stands, it is paid for, and no one can say who asked for it.", font), "Subtitle"),
        paragraph(run("By Farid Attempt", font)),
        paragraph(picture("rId8")),
        paragraph(run("The first paragraph of the text.", font)),
        paragraph(run("How it came", font), "Heading2"),
        listed(run("One reason", font), style="Normal"),
        listed(run("A reason within", font), level=1, style="Normal"),
        paragraph(run("After the list ", font) + commented("a remark", 0) + run(".", font)),
        paragraph(picture("rId9", "A chart of the tolls")),
        paragraph(run("Last words.", font)),
    ]
    styles = {"Normal": "normal", "Title": "Title", "Subtitle": "Subtitle", "Heading2": "heading 2"}
    file = WordFile(
        body=body, styles=styles, media={"rId8": FERRY, "rId9": CHART}, comments=[(0, "Gail Essay", "Source?")]
    )
    return Manuscript(
        file=file,
        headlines=("The Bridge Nobody Ordered",),
        authors=(("Farid Attempt",),),
        says=(
            "It stands, it is paid for, and no one can say who asked for it.",
            "The first paragraph of the text.",
            "One reason",
            "A reason within",
            "After the list a remark.",
            "Last words.",
        ),
        says_not=("Source?",),
        sections=("How it came",),
        told=("Comment by Gail Essay on “a remark”: “Source?”.",),
        pictures=2,
    )


def google_lines() -> Manuscript:
    """Google Docs: a page pasted as one paragraph, its lines parted by line breaks."""
    line = "<w:r><w:br/></w:r>"
    text = line.join(
        [
            run("By Hana Trial"),
            run("A standfirst pasted in."),
            run("Credit: Example Pictures"),
            run("BACKGROUND: ", "<w:b/>") + run("The first."),
            "",
            run("The second."),
            run("CONCLUSION: The third."),
            run("AUTHOR’S BIO: Hana Trial writes."),
        ]
    )
    poem = paragraph(run("Two lines") + line + run("of one paragraph."))
    return Manuscript(
        file=WordFile(body=[paragraph(text), paragraph(run("Sources"), "Heading1"), poem]),
        headlines=("",),
        authors=(("Hana Trial",),),
        says=(
            "A standfirst pasted in.",
            "Example Pictures",
            "The first.",
            "The second.",
            "The third.",
            "Hana Trial writes.",
            "Two lines of one paragraph.",
        ),
        sections=("BACKGROUND", "CONCLUSION", "Sources"),
    )


def libreoffice_article() -> Manuscript:
    """LibreOffice: Text Body, headings based on Heading, Quotations, its footnotes, a frame."""
    styles = (
        '<w:style w:type="paragraph" w:styleId="Heading"><w:name w:val="Heading"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="Heading 1"/>'
        '<w:basedOn w:val="Heading"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="TextBody"><w:name w:val="Body Text"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="Quotations"><w:name w:val="Quotations"/></w:style>'
        '<w:style w:type="character" w:styleId="Stark"><w:name w:val="Strong Emphasis"/></w:style>'
        '<w:style w:type="character" w:styleId="FootnoteAnchor"><w:name w:val="Footnote anchor"/></w:style>'
    )
    frame = (
        f"<w:r><w:pict><v:rect><v:textbox><w:txbxContent>{paragraph(run('Words in a frame.'))}</w:txbxContent>"
        "</v:textbox></v:rect></w:pict></w:r>"
    )
    body = [
        paragraph(run("An Island of Clocks"), "Title"),
        paragraph(run("By Ines Draft"), "TextBody"),
        paragraph(run(_LEAD), "TextBody"),
        paragraph(run("Keeping time"), "Heading1"),
        paragraph(
            run("Every clock is ") + run("wrong", '<w:rStyle w:val="Stark"/>') + note_reference(2) + frame, "TextBody"
        ),
        paragraph(run("So said the keeper."), "Quotations"),
        listed(run("Wind it"), number=2, style="TextBody"),
        listed(run("Wait"), number=2, style="TextBody"),
        paragraph(run("Again.") + note_reference(3), "TextBody"),
    ]
    file = WordFile(
        body=body,
        styles={"Title": "Title"},
        more_styles=styles,
        footnotes={2: "By four minutes.", 3: "And again."},
    )
    return Manuscript(
        file=file,
        headlines=("An Island of Clocks",),
        authors=(("Ines Draft",),),
        says=(
            _LEAD,
            "Every clock is wrong[1]",
            "Words in a frame.",
            "So said the keeper.",
            "Wind it",
            "Wait",
            "Again.[2]",
            "[1] By four minutes.",
            "[2] And again.",
        ),
        sections=("Keeping time", "Notes"),
    )


def libreoffice_scripts() -> Manuscript:
    """LibreOffice: Russian, Arabic from right to left, Chinese with its reading beside it, endnotes."""
    right = f'<w:bdo w:val="rtl">{run("كان الميناء مغلقا.", "<w:rtl/>")}</w:bdo>'
    ruby = (
        f"<w:r><w:ruby><w:rubyPr/><w:rt>{run('gǎng')}</w:rt><w:rubyBase>{run('港')}</w:rubyBase></w:ruby></w:r>"
        + run("口已经关闭。")
    )
    body = [
        paragraph(run("Порт, который ждал"), "Title"),
        paragraph(run("By Иван Пример")),
        paragraph(run("Три зимы паром ходил на чужом топливе.")),
        paragraph(run("Предыстория"), "Heading1"),
        paragraph(right),
        paragraph(ruby),
        paragraph(run("Всё.") + note_reference(2, "endnote")),
    ]
    return Manuscript(
        file=WordFile(body=body, endnotes={2: "Протоколы."}),
        headlines=("Порт, который ждал",),
        authors=(("Иван Пример",),),
        says=(
            "Три зимы паром ходил на чужом топливе.",
            "كان الميناء مغلقا.",
            "港口已经关闭。",
            "Всё.[1]",
            "[1] Протоколы.",
        ),
        says_not=("gǎng",),
        sections=("Предыстория", "Notes"),
    )


def libreoffice_issue() -> Manuscript:
    """LibreOffice: two articles in one document, each under its title, with notes of its own."""
    body = [
        paragraph(run("The First Story"), "Heading1"),
        paragraph(run("By Jon Sketch")),
        paragraph(run("The first standfirst.")),
        paragraph(run("BACKGROUND: The first text.") + note_reference(1)),
        paragraph(run("AUTHOR’S BIO: Jon Sketch draws.")),
        paragraph(run("The Second Story"), "Heading1"),
        paragraph(run("By Kim Study and Lee Outline")),
        paragraph(run("The second standfirst.")),
        paragraph(run("BACKGROUND: The second text.") + note_reference(2)),
    ]
    return Manuscript(
        file=WordFile(body=body, footnotes={1: "One.", 2: "Two."}, main="word/document2.xml"),
        headlines=("The First Story", "The Second Story"),
        authors=(("Jon Sketch",), ("Kim Study", "Lee Outline")),
        says=(
            "The first standfirst.",
            "The first text.[1]",
            "[1] One.",
            "Jon Sketch draws.",
            "The second standfirst.",
            "The second text.[2]",
            "[2] Two.",
        ),
        sections=("BACKGROUND", "Notes", "BACKGROUND", "Notes"),
    )


MANUSCRIPTS = {
    made.__name__: made
    for made in (
        word_article,
        word_page,
        word_reviewed,
        word_furniture,
        word_german,
        google_article,
        google_lines,
        libreoffice_article,
        libreoffice_scripts,
        libreoffice_issue,
    )
}
