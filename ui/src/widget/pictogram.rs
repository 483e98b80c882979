//! Pictograms on a 48 grid, drawn with one pen: round ends, one silhouette per meaning.

use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, vec2};

mod care;
mod data;
mod people;

/// The grid that pictograms are drawn on.
const GRID: f32 = 48.0;
/// The pen's width on the grid.
const PEN: f32 = 4.0;
/// Degrees between two points of an arc.
const ARC_STEP: f32 = 6.0;

/// One stroke or spot. Points on the grid; angles in degrees, 0 to the right, clockwise.
#[derive(Debug, Clone, Copy)]
enum Ink {
    /// An open line through points.
    Line(&'static [(f32, f32)]),
    /// A closed outline.
    Loop(&'static [(f32, f32)]),
    /// A filled convex shape.
    Solid(&'static [(f32, f32)]),
    /// Centre, radius, from, to.
    Arc((f32, f32), f32, f32, f32),
    /// A circle's outline.
    Circle((f32, f32), f32),
    /// A filled circle.
    Dot((f32, f32), f32),
    /// Left top, right bottom, corner radius: an outline.
    Box((f32, f32), (f32, f32), f32),
    /// Everything after it with another pen.
    Pen(f32),
}

/// A picture with one meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Pictogram {
    Ring,
    House,
    AskStaff,
    HoldAgain,
    Diamond,
    Check,
    Cross,
    Minus,
    Plus,
    Back,
    Next,
    Undo,
    CountPeople,
    List,
    Globe,
    Card,
    NoCard,
    Adult,
    Child,
    Baby,
    Settings,
    Waiting,
    OpenShelter,
    Exit,
    Entrance,
    Bang,
    Flag,
    Reader,
    Disk,
    Clock,
    Shield,
    Unsent,
    Link,
    Speaker,
    Out,
    Overnight,
    Move,
    Leave,
    Tilt,
    Crack,
    Falling,
    Fire,
    Sun,
    Talk,
    Bag,
    Flat,
    Case,
    Single,
    Paper,
    Search,
    Relatives,
    Car,
    Hospital,
    Unknown,
    NotArrived,
    RollCall,
    Staff,
    Group,
    Support,
    Visitor,
    Passed,
    Oxygen,
    Fever,
    NotAlone,
    Eye,
    Phone,
    Care,
    TwoPlaces,
    Tap,
    Stick,
    Television,
    ReadIn,
    Uphill,
}

impl Pictogram {
    /// Draws it into the largest square inside `rect`.
    pub(crate) fn draw(self, painter: &Painter, rect: Rect, colour: Color32) {
        let side = rect.width().min(rect.height());
        let square = Rect::from_center_size(rect.center(), vec2(side, side));
        let mut pen = Pen { painter, origin: square.min, scale: side / GRID, width: PEN, colour };
        for ink in self.strokes() {
            pen.draw(*ink);
        }
    }
}

struct Pen<'a> {
    painter: &'a Painter,
    origin: Pos2,
    scale: f32,
    width: f32,
    colour: Color32,
}

impl Pen<'_> {
    fn draw(&mut self, ink: Ink) {
        match ink {
            Ink::Line(points) => self.line(&self.places(points), Ends::Open),
            Ink::Loop(points) => self.line(&self.places(points), Ends::Closed),
            Ink::Solid(points) => {
                self.painter.add(Shape::convex_polygon(self.places(points), self.colour, Stroke::NONE));
            }
            Ink::Arc(centre, radius, from, to) => self.line(&self.arc(centre, radius, from, to), Ends::Open),
            Ink::Circle(centre, radius) => {
                self.painter.circle_stroke(self.place(centre), radius * self.scale, self.stroke());
            }
            Ink::Dot(centre, radius) => {
                self.painter.circle_filled(self.place(centre), radius * self.scale, self.colour);
            }
            Ink::Box(from, to, radius) => self.outline(from, to, radius),
            Ink::Pen(width) => self.width = width,
        }
    }

    fn outline(&self, (left, top): (f32, f32), (right, bottom): (f32, f32), radius: f32) {
        let corners = [
            ((right - radius, top + radius), -90.0),
            ((right - radius, bottom - radius), 0.0),
            ((left + radius, bottom - radius), 90.0),
            ((left + radius, top + radius), 180.0),
        ];
        let points: Vec<_> =
            corners.iter().flat_map(|(centre, from)| self.arc(*centre, radius, *from, from + 90.0)).collect();
        self.painter.add(Shape::closed_line(points, self.stroke()));
    }

    fn line(&self, points: &[Pos2], ends: Ends) {
        // A round pen: spots at the points make round ends and joints.
        for point in points {
            self.painter.circle_filled(*point, self.width * self.scale / 2.0, self.colour);
        }
        let points = points.to_vec();
        self.painter.add(match ends {
            Ends::Open => Shape::line(points, self.stroke()),
            Ends::Closed => Shape::closed_line(points, self.stroke()),
        });
    }

    fn arc(&self, centre: (f32, f32), radius: f32, from: f32, to: f32) -> Vec<Pos2> {
        let centre = self.place(centre);
        let steps = ((to - from).abs() / ARC_STEP).ceil().max(1.0);
        let mut points = Vec::new();
        let mut step = 0.0;
        while step <= steps {
            let angle = (from + (to - from) * step / steps).to_radians();
            points.push(centre + vec2(angle.cos(), angle.sin()) * radius * self.scale);
            step += 1.0;
        }
        points
    }

    fn stroke(&self) -> Stroke {
        Stroke::new(self.width * self.scale, self.colour)
    }

    fn places(&self, points: &[(f32, f32)]) -> Vec<Pos2> {
        points.iter().map(|point| self.place(*point)).collect()
    }

    fn place(&self, (x, y): (f32, f32)) -> Pos2 {
        self.origin + vec2(x, y) * self.scale
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    Open,
    Closed,
}
