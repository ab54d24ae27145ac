//! Wiki markup as the vendor's own help shows it, and its round trips.

use proptest::prelude::*;

use super::{edit, from_markdown, to_markdown};
use crate::richtext::arbitrary;
use crate::richtext::markdown;

#[test]
fn markup_as_the_vendor_documents_it() {
    for (wiki, expected) in [
        ("h1. Biggest heading", "# Biggest heading"),
        (
            "*strong* _emphasis_ -deleted- +inserted+ ^super^ ~sub~ {{monospaced}}",
            "**strong** _emphasis_ ~~deleted~~ <u>inserted</u> <sup>super</sup> <sub>sub</sub> `monospaced`",
        ),
        ("bq. Some block quoted text", "> Some block quoted text"),
        ("{quote}\n  here is quotable\n content to be quoted\n{quote}", "> here is quotable\\\n> content to be quoted"),
        ("a\nb\\\\c\n\nd", "a\\\nb\\\nc\n\nd"),
        ("----", "***"),
        (
            "[Example|http://example.com] [http://a.example] [~username] [mailto:legendaryservice@example.com]",
            "[Example](http://example.com) [http://a.example](http://a.example) [@username](mention:username) \
          [mailto:legendaryservice@example.com](mailto:legendaryservice@example.com)",
        ),
        (
            "* some\n* bullet\n** indented\n** bullets\n* points",
            "- some\n- bullet\n  - indented\n  - bullets\n- points",
        ),
        ("# a\n# numbered\n#* with\n#* nested\n# list", "1. a\n2. numbered\n   - with\n   - nested\n3. list"),
        ("- different\n- bullet", "- different\n- bullet"),
        (
            "||heading 1||heading 2||\n|col A1|col A2|\n|[x|http://a.example]|b\\\\c|",
            "| heading 1 | heading 2 |\n| --- | --- |\n| col A1 | col A2 |\n| [x](http://a.example) | b<br>c |",
        ),
        ("!image.gif! !http://a.example/b.png|alt=B!", "![](media:image.gif) ![B](http://a.example/b.png)"),
        ("{code:java|title=Bar.java}\nint *a* = 1;\n{code}", "```java\nint *a* = 1;\n```"),
        ("{noformat}\n*x*\n{noformat}", "```\n*x*\n```"),
        ("{panel:title=My Title|borderStyle=dashed}\na block\n{panel}", "> [!NOTE]\n> **My Title**\n>\n> a block"),
        (
            "snake_case, well-known, 2 * 3, \\*not bold\\*, un{*}fri{*}ggin",
            "snake_case, well-known, 2 * 3, \\*not bold\\*, un**fri**ggin",
        ),
        ("see https://a.example/xyz.", "see [https://a.example/xyz](https://a.example/xyz)."),
        ("{unknown} [x|javascript:alert(1)]", "{unknown} x"),
    ] {
        assert_eq!(to_markdown(wiki).value, expected, "{wiki}");
    }
}

/// What a search with many cases found, and what was found in use.
#[test]
fn a_second_trip_changes_nothing() {
    for (text, losses) in [
        ("[![](media:[~1].\\\\)", 1),
        ("![](media:a[1]~{b}.png) and ![x](https://example.com/[a]~b)", 1),
        ("- > # _https://example.com/a\\_b_&#8220;![](https://example.com/i.png)", 1),
        ("<u>https://example.com/a_b1 a", 0),
        ("> [!NOTE]\n> &nbsp;bq. x", 0),
        ("![a](b \"t\"){:!", 1),
        ("**![a](media:a.png)** _[@Ann](mention:1)_", 2),
    ] {
        let first = from_markdown(text);
        assert!(first.losses.len() >= losses, "{text}: {:?}", first.losses);
        let shown = to_markdown(&first.value).value;
        let again = from_markdown(&shown).value;
        assert_eq!(to_markdown(&again).value, shown, "{} and {again} from {text}", first.value);
        assert_eq!(edit(&first.value, &shown).value, first.value, "{text}");
    }
}

#[test]
fn an_edit_leaves_the_other_blocks() {
    let native = "{color:red}Red *text*{color}   here\n\nold\n\n{panel:title=T|bgColor=#fff}\nx\n{panel}\n* a\n* b";
    let shown = to_markdown(native).value;
    assert_eq!(edit(native, &shown).value, native);
    let edited = edit(native, &shown.replace("old", "**new**"));
    assert_eq!(edited.value, native.replace("old", "*new*").replace("{panel}\n*", "{panel}\n\n*"));
    let edited = edit(native, "old");
    assert_eq!(
        edited.losses.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "block 1: what Markdown cannot say of the wiki markup overwritten by the edit",
            "block 3: what Markdown cannot say of the wiki markup overwritten by the edit",
        ]
    );
}

/// What is read as its letters is more than that to the site: an edit beside it says so.
#[test]
fn an_edit_beside_icons_and_citations_is_told() {
    for native in [
        "Warn (!) here",
        "??cited?? here",
        "a -- b here",
        "see [^att.txt] here",
        "see [HELP-2] here",
        "- here\n- there",
        "{noformat}here{noformat}",
    ] {
        let shown = to_markdown(native).value;
        let edited = edit(native, &shown.replace("here", "there"));
        assert_eq!(edited.losses.len(), 1, "{native}: {:?} {}", edited.losses, edited.value);
    }
    for native in
        ["Plain words here", "*bold* and _slanted_ here", "* here\n* there", "well-known (here) [a|https://b.example]"]
    {
        let shown = to_markdown(native).value;
        let edited = edit(native, &shown.replace("here", "there"));
        assert!(edited.losses.is_empty() && edited.value != native, "{native}: {:?}", edited.losses);
    }
}

#[test]
fn hostile_markup_ends() {
    for piece in [
        "{quote}",
        "{panel}",
        "{code}",
        "*a ",
        "*",
        "[",
        "[a|",
        "!a",
        "||",
        "|[",
        "\\",
        "{",
        "{*}",
        "&",
        "# ",
        "\n# ",
        "\n* a\n",
        "{color:red}",
        "https://",
        "|!",
        "{{",
        "{panel:title=x}a{panel}",
        "h1. a\n",
        "----\n",
        "!a.b|c!",
    ] {
        let text = format!("{}needle", piece.repeat(5_000));
        let shown = to_markdown(&text).value;
        assert!(shown.contains("needle"), "{piece}");
        let _ = edit(&text, "other");
    }
    let deep = (1..400).map(|level| format!("{} x\n", "*".repeat(level))).collect::<String>();
    assert!(to_markdown(&deep).value.contains('x'));
}

proptest! {
    #![proptest_config(arbitrary::cases(400))]

    #[test]
    fn wiki_is_stable(text in prop_oneof![
        arbitrary::soup(), arbitrary::blocks().prop_map(|blocks| markdown::write(&blocks).markdown)
    ]) {
        let wiki = from_markdown(&text).value;
        let shown = to_markdown(&wiki).value;
        let again = from_markdown(&shown).value;
        prop_assert_eq!(&to_markdown(&again).value, &shown, "{} and {} from {}", wiki, again, text);
        prop_assert_eq!(edit(&wiki, &shown).value, wiki);
    }

    #[test]
    fn words_are_never_lost(blocks in arbitrary::plain_blocks()) {
        let wiki = from_markdown(&markdown::write(&blocks).markdown).value;
        arbitrary::has_the_words(&markdown::read(&to_markdown(&wiki).value).blocks, &blocks)?;
    }
}
