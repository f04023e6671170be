(** * What is asked, and what an answer means

    This file is to be read: it says what a network is, what a question is, and what the theorems of [Theorems.v] speak of.
    It corresponds to sections 1 and 7 of FORMAT.md. *)

From Proved Require Import Numbers.

(** A layer: its weights and biases are integers over one denominator; [relus] says which neurons have a ReLU. *)
Record layer := Layer { denominator : positive; neurons : list (list Z * Z); relus : list bool }.

Inductive relation := Less | AtMost | Equal.

(** A condition [form <= bound], over one denominator. Its form has a list of coefficients for what the last layer returns,
    one for what the layer before returns, and so on down to the inputs; conditions of the domain are on inputs only. *)
Record condition := Condition { over : positive; form : list (list Z); bound : Z; relates : relation }.

(** A question. The layers are listed from the last one to the first. *)
Record question := Question {
  inputs : nat; domain : list condition; network : list layer; targets : list (list condition) }.

Section Meaning.
Context {F : numbers}.
Notation "a + b" := (add F a b).
Notation "a * b" := (mul F a b).
Notation "a - b" := (sub F a b).
Notation "0" := (zero F).
Notation point := (list (K F)).

(** The point that integers over one denominator say. *)
Definition point_of (x : list Z) (d : positive) : point := map (fun n => part d * integer n) x.

Fixpoint dot (a : list Z) (v : point) : K F :=
  match a, v with a0 :: a', v0 :: v' => integer a0 * v0 + dot a' v' | _, _ => 0 end.

(** What enters the neurons of a layer, and what it returns. *)
Definition entering (l : layer) (h : point) : point :=
  map (fun '(w, b) => part (denominator l) * (dot w h + integer b)) (neurons l).

Fixpoint rectified (on : list bool) (z : point) : point :=
  match on, z with on0 :: on', z0 :: z' => (if on0 then relu F z0 else z0) :: rectified on' z' | _, _ => [] end.

Fixpoint returned (net : list layer) (x : point) : point :=
  match net with [] => x | l :: before => rectified (relus l) (entering l (returned before x)) end.

(** A linear form of what the layers and the inputs are. *)
Fixpoint linear (net : list layer) (a : list (list Z)) (x : point) : K F :=
  match a with
  | [] => 0
  | own :: a' => dot own (returned net x) + match net with [] => 0 | _ :: before => linear before a' x end
  end.

(** a.v - b of a condition, and when it holds. *)
Definition excess (net : list layer) (c : condition) (x : point) : K F :=
  part (over c) * (linear net (form c) x - integer (bound c)).

Definition relation_holds (r : relation) (v : K F) : Prop :=
  match r with Less => le F v 0 /\ v <> 0 | AtMost => le F v 0 | Equal => v = 0 end.

Definition holds (net : list layer) (x : point) (c : condition) : Prop := relation_holds (relates c) (excess net c x).

Definition in_domain (q : question) (x : point) : Prop := length x = inputs q /\ Forall (holds [] x) (domain q).

(** A point maps into a target. *)
Definition hits (q : question) (x : point) (target : list condition) : Prop := Forall (holds (network q) x) target.

(** A polyhedron is a list of rows [a.x + b <= 0], [< 0] or [= 0], in integers. *)
Definition row : Type := list Z * Z * relation.
Definition row_holds (x : point) (r : row) : Prop := let '(a, b, rel) := r in relation_holds rel (dot a x + integer b).
Definition inside (x : point) (polyhedron : list row) : Prop := Forall (row_holds x) polyhedron.

End Meaning.

(** ** Questions that make sense: each neuron has a weight for each value, each ReLU a neuron, each name something to name. *)

Definition width (q : question) (net : list layer) : nat :=
  match net with [] => inputs q | l :: _ => length (neurons l) end.

Fixpoint sound_network (q : question) (net : list layer) : bool :=
  match net with
  | [] => true
  | l :: before =>
      forallb (fun '(w, _) => (length w =? width q before)%nat) (neurons l)
      && (length (relus l) =? length (neurons l))%nat && sound_network q before
  end.

Fixpoint sound_form (q : question) (net : list layer) (a : list (list Z)) : bool :=
  match a with
  | [] => true
  | own :: a' =>
      (length own <=? width q net)%nat
      && match net with [] => match a' with [] => true | _ => false end | _ :: before => sound_form q before a' end
  end.

Definition sound (q : question) : bool :=
  sound_network q (network q) && forallb (fun c => sound_form q [] (form c)) (domain q)
  && forallb (forallb (fun c => sound_form q (network q) (form c))) (targets q).
