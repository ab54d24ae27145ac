//! html5ever's tree builder, with the least that it can do without: its own example keeps the elements' names alone, and so
//! does this. A tree that keeps everything would take longer.

use std::borrow::Cow;
use std::cell::Cell;
use std::rc::Rc;

use html5ever::tendril::{StrTendril, TendrilSink as _};
use html5ever::tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::{Attribute, ExpandedName, LocalName, Namespace, QualName, parse_document};

/// A node by its name; what is no element has an empty one.
type Node = Rc<QualName>;

struct Names {
    nameless: Node,
    elements: Cell<usize>,
}

/// How many elements an HTML text has once it is parsed.
pub(crate) fn elements(html: &str) -> usize {
    let nameless = Rc::new(QualName::new(None, Namespace::default(), LocalName::default()));
    let sink = Names { nameless, elements: Cell::new(0) };
    parse_document(sink, Default::default()).one(html)
}

impl TreeSink for Names {
    type Handle = Node;
    type Output = usize;
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) -> usize {
        self.elements.get()
    }

    fn get_document(&self) -> Node {
        Rc::clone(&self.nameless)
    }

    fn elem_name<'a>(&'a self, target: &'a Node) -> ExpandedName<'a> {
        target.expanded()
    }

    fn create_element(&self, name: QualName, _: Vec<Attribute>, _: ElementFlags) -> Node {
        self.elements.set(self.elements.get() + 1);
        Rc::new(name)
    }

    fn create_comment(&self, _: StrTendril) -> Node {
        Rc::clone(&self.nameless)
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Node {
        Rc::clone(&self.nameless)
    }

    fn get_template_contents(&self, _: &Node) -> Node {
        Rc::clone(&self.nameless)
    }

    fn same_node(&self, one: &Node, other: &Node) -> bool {
        Rc::ptr_eq(one, other)
    }

    fn append(&self, _: &Node, _: NodeOrText<Node>) {}
    fn append_based_on_parent_node(&self, _: &Node, _: &Node, _: NodeOrText<Node>) {}
    fn append_before_sibling(&self, _: &Node, _: NodeOrText<Node>) {}
    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}
    fn add_attrs_if_missing(&self, _: &Node, _: Vec<Attribute>) {}
    fn remove_from_parent(&self, _: &Node) {}
    fn reparent_children(&self, _: &Node, _: &Node) {}
    fn set_quirks_mode(&self, _: QuirksMode) {}
    fn parse_error(&self, _: Cow<'static, str>) {}
}
