(* What the proved program checked, in the words of FORMAT.md: to be compared with what was asked. *)

open Checker
module Z = Whole.Z

let rec int = function O -> 0 | S n -> 1 + int n
let fraction n d = Q.to_string (Q.make n d)

let relation = function Less -> "<" | AtMost -> "<=" | Equal -> "=="

let terms name own d =
  List.concat (List.mapi (fun i a -> if Z.sign a = 0 then [] else [ fraction a d; name i ]) own)

(* Conditions are on what layers return: the last of count layers first, or the inputs. *)
let condition count c =
  let name l i = if l = 0 then Printf.sprintf "x%d" i else Printf.sprintf "h%d.%d" l i in
  let form = List.concat (List.rev (List.mapi (fun k own -> terms (name (count - k)) own c.over) c.form)) in
  String.concat " " (form @ [ relation c.relates; fraction c.bound c.over ])

let layer l =
  let bits = String.concat "" (List.map (fun on -> if on then "1" else "0") l.relus) in
  let neuron (w, b) = String.concat " " (List.map (fun a -> fraction a l.denominator) (w @ [ b ])) in
  ("layer " ^ bits) :: List.map neuron l.neurons

let question q =
  let count = List.length q.network in
  [ "polyrelu-statement 1"; Printf.sprintf "inputs %d" (int q.inputs); "domain" ]
  @ List.map (condition 0) q.domain
  @ List.concat_map layer (List.rev q.network)
  @ List.concat_map (fun target -> "target" :: List.map (condition count) target) q.targets

let row (a, b) relates =
  let name i = Printf.sprintf "x%d" i in
  String.concat " " (terms name a Z.one @ [ relation relates; Z.to_string (Z.neg b) ])

let piece p =
  let kind =
    match p.point_inside with
    | Some (x, d) -> String.concat " " ("tile" :: List.map (fun n -> fraction n d) x)
    | None -> "rest"
  in
  kind :: List.map (fun ((a, b), r) -> "  " ^ row (a, b) r) p.polyhedron

(* The points of hulls, each by its coordinates, or as a direction. *)
let hulls a =
  let point = function
    | t :: u when Z.sign t > 0 -> String.concat " " (List.map (fun n -> fraction n t) u)
    | _ :: u -> String.concat " " ("direction" :: List.map Z.to_string u)
    | [] -> ""
  in
  let hull kind vs = kind :: List.map (fun v -> "  " ^ point v) vs in
  List.concat_map (hull "tile") a.tiles @ List.concat_map (hull "face") a.faces
